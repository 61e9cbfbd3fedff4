package identity

import "github.com/postwright/postwright/internal/postgres"

// Constraints are those of users and API keys that a caller can run into.
func Constraints() postgres.Constraints {
	return postgres.Constraints{
		"users_email_key":       {Path: "email", Problem: "is taken by another user: choose another"},
		"users_email_length":    {Path: "email", Problem: "must have 3 to 254 characters"},
		"users_name_length":     {Path: "name", Problem: "must have at most 200 characters"},
		"api_keys_label_length": {Path: "label", Problem: "must have at most 200 characters"},
	}
}
