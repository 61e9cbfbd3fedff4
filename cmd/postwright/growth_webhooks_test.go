package main

import "maps"

// An endpoint of the owner, for which an event waits.
var hook, waiting = numbered(9, 0), numbered(91, 0)

// webhookArguments are those of the queries of webhooks; see arguments.
var webhookArguments = map[string]map[string]string{
	"WebhookInsert": {
		"id": fresh, "url": "'https://example.org'", "description": "''", "event_types": "'{post.created}'", "sealed_secret": "'s'",
	},
	"WebhookLockOwner":    {},
	"WebhookCount":        {},
	"WebhookGet":          {"id": hook},
	"WebhookGetForUpdate": {"id": hook},
	"WebhookListByOwner":  {},
	"WebhookListSealed":   {},
	"WebhookUpdate": {
		"id": hook, "set_url": "true", "url": "'https://example.org'", "set_description": "true", "description": "''", "set_event_types": "true",
		"event_types": "'{post.created}'",
	},
	"WebhookMoved":     {"id": hook},
	"WebhookSwitchOff": {"id": hook, "off_reason": "'owner'"},
	"WebhookSwitchOn":  {"id": hook},
	"WebhookRotate":    {"id": hook, "sealed_secret": "'n'", "sealed_previous_secret": "'s'", "previous_secret_until": "now_at"},
	"WebhookReseal": {"id": hook, "sealed_secret": "'n'", "sealed_previous_secret": "NULL", "old_sealed_secret": "'s'",
		"old_sealed_previous_secret": "NULL"},
	"WebhookDelete":      {"id": numbered(9, 1), "owner_id": numbered(1, 1)},
	"WebhookRecordEvent": {"id": fresh, "type": "'post.created'", "data": "'{}'", "occurred_at": "now_at"},
	"WebhookLockFanOut":  {},
	"WebhookFanOut":      {"webhook_ids": "ARRAY[" + hook + "]::uuid[]", "daily_most": "20000", "over_limit": "''", "give_up_at": "now_at"},

	"WebhookListWaitingOwners":  {"after_owner": "'00000000-0000-0000-0000-000000000000'"},
	"WebhookLockOn":             {},
	"WebhookCountOn":            {},
	"WebhookEndOverdue":         {"webhook_id": hook, "problem": "''"},
	"WebhookEraseSecrets":       {},
	"WebhookDeliveryDeleteGone": {},
	"WebhookDeleteGone":         {},

	"WebhookClaim":    {"leased_until": "now_at", "busy_owners": "ARRAY[" + numbered(11, 0) + "]::uuid[]"},
	"WebhookNextLook": {},
	"WebhookAnnounce": {},
	"WebhookNextDue":  {"id": hook},
	"WebhookRecordAttempt": {
		"webhook_id": hook, "event_id": waiting, "took_ms": "1", "status": "200", "answer": "''", "problem": "''", "state": "'delivered'",
		"next_attempt_at": "NULL",
	},
	"WebhookSucceeded":      {"id": hook},
	"WebhookFailed":         {"id": hook, "same_since": "now_at - interval '3 days'"},
	"WebhookFailPending":    {"webhook_id": hook, "problem": "''"},
	"WebhookRelease":        {"id": hook, "free_at": "now_at"},
	"WebhookListDeliveries": {"webhook_id": hook, "before_number": "100000"},
	"WebhookGetDelivery":    {"webhook_id": hook, "event_id": waiting},
	"WebhookListAttempts":   {"webhook_id": hook, "event_ids": "ARRAY[" + numbered(92, 2) + "]::uuid[]"},
	"WebhookCountResent":    {"daily_most": "20000"},
	"WebhookResend":         {"webhook_id": hook, "event_id": waiting, "give_up_at": "now_at"},
	"WebhookOldestDue":      {},
	"WebhookCountUnreached": {},

	"WebhookOldestWaiting":   {},
	"WebhookOldestWaitingOf": {},
	"WebhookEventDeleteOld":  {},
	"WebhookCountDeleteOld":  {},
}

func init() { maps.Copy(arguments, webhookArguments) }
