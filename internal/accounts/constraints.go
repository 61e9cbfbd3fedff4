package accounts

import "github.com/postwright/postwright/internal/postgres"

// Constraints are those of accounts that a caller can run into.
func Constraints() postgres.Constraints {
	return postgres.Constraints{
		"linkedin_accounts_owner_urn_key": {Path: "urn", Problem: "is connected already"},
		"linkedin_accounts_default_key":   {Path: "urn", Problem: "was connected at the same moment as another: connect it again"},
		"linkedin_accounts_urn_kind":      {Path: "urn", Problem: "must be a person's or an organization's URN"},
	}
}
