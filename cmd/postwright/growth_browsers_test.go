package main

import "maps"

// browserArguments are those of the queries of push subscriptions; see arguments.
var browserArguments = map[string]map[string]string{
	"PushSubscriptionLockOwner": {},
	"PushSubscriptionUpsert": {
		"id": fresh, "endpoint": "'https://push.example.org/new'", "p256dh": "'p'", "sealed_auth": "'s'", "description": "''", "most": "20",
	},
	"PushSubscriptionListByOwner": {},
	"PushSubscriptionDelete":      {"id": numbered(97, 0)},
	"PushSubscriptionListSealed":  {},
	"PushSubscriptionReseal":      {"id": numbered(97, 0), "sealed_auth": "'n'", "old_sealed_auth": "'s'"},
}

func init() { maps.Copy(arguments, browserArguments) }
