package bench

import (
	"context"
	"errors"

	"github.com/postwright/postwright/internal/bench/reference"
)

var (
	batchInserts = goal{name: "batch_inserts", what: "BatchCreatePosts of 1,000, rows a second, against one INSERT per row in one transaction by pgx",
		unit: "×", atLeast: 6, stretch: 12}
	batchCopy = goal{name: "batch_copy", what: "… against COPY", unit: "×", atLeast: 0.5, stretch: 0.8}
)

func measureBatch(ctx context.Context, s *stage) error {
	node, stop, err := s.serve(ctx, "batch")
	if err != nil {
		return err
	}
	defer stop()
	conn, err := s.ground.connect(ctx)
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	rows, owner := rows(batchSize), s.ground.ownerID(batcher)
	measures, err := s.measure(ctx,
		subject{"BatchCreatePosts of 1,000", node, newCalls(node.Address, 1, []call{batchCall(s.ground.owners[batcher], rows)}).again},
		subject{name: "1,000 INSERTs in one transaction", run: repeat(func(ctx context.Context) error {
			return reference.InsertRows(ctx, conn, owner, rows)
		})},
		subject{name: "COPY of 1,000 rows", run: repeat(func(ctx context.Context) error {
			return reference.CopyRows(ctx, conn, owner, rows)
		})},
	)
	if err != nil {
		return err
	}
	return errors.Join(s.compare(batchInserts, measures[0], measures[1]), s.compare(batchCopy, measures[0], measures[2]))
}
