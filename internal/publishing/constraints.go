package publishing

import "github.com/postwright/postwright/internal/postgres"

// Constraints are those of publications that a caller can run into.
func Constraints() postgres.Constraints {
	return postgres.Constraints{
		"publications_open_key": {Path: "id", Problem: "is being published already"},
	}
}
