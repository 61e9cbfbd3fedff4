package main

import "maps"

// sessionArguments are those of the queries of sessions and of what begins them; see arguments.
var sessionArguments = map[string]map[string]string{
	"UserExists":          {},
	"UserUpdateProfile":   {"id": owner, "name": "'n'"},
	"PasswordGetByEmail":  {"email_key": "'u2@example.org'"},
	"PasswordGet":         {},
	"PasswordGetForShare": {},
	"PasswordReplace":     {"hash": "'h'", "old_hash": "''", "changed_at": "now_at"},
	"PasswordPut":         {"hash": "'h'", "changed_at": "now_at"},
	"SessionInsert": {
		"id": fresh, "token_hash": "'new'", "user_agent": "''", "address": "''", "expires_at": "now_at", "ends_at": "now_at",
	},
	"SessionGetByToken":      {"token_hash": "'t2'"},
	"SessionGet":             {"id": numbered(12, 2)},
	"SessionTouch":           {"token_hash": "'t2'", "last_used_at": "now_at", "expires_at": "now_at"},
	"SessionListByOwner":     {"before_number": "9223372036854775807"},
	"SessionIsFrom":          {"address": "'192.0.2.1'"},
	"SessionDelete":          {"id": numbered(12, 2)},
	"SessionDeleteOthers":    {"owner_id": numbered(1, 1), "except_id": numbered(12, 2)},
	"SessionDeleteLeastUsed": {"keep": "100"},
	"SessionDeleteOld":       {},
	"SignInLinkInsert":       {"token_hash": "'new'", "expires_at": "now_at"},
	"SignInLinkTake":         {"token_hash": "'l2'"},
	"SignInLinkGetSetUp":     {"token_hash": "'set-up'"},
	"SignInLinkTakeSetUps":   {},
	"SignInLinkDeleteOld":    {},
}

func init() { maps.Copy(arguments, sessionArguments) }
