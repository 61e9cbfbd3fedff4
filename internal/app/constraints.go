package app

import (
	"maps"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing"
)

// constraints are those of all owners of tables.
func constraints() postgres.Constraints {
	all := postgres.Constraints{}
	for _, owned := range []postgres.Constraints{identity.Constraints(), accounts.Constraints(), posts.Constraints(), publishing.Constraints()} {
		maps.Copy(all, owned)
	}
	return all
}
