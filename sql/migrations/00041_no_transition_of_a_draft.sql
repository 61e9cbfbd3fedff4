-- +goose Up
-- Whoever watches a post reads it first, and then asks for the states after the revision that it has read: the state that a post
-- begins with is in its row, and was never read from here. It cost each create a row, its place in two indexes, and the look-up of
-- its foreign key.
DROP TRIGGER posts_record_insert ON posts;

-- +goose Down
CREATE TRIGGER posts_record_insert AFTER INSERT ON posts
    FOR EACH ROW EXECUTE FUNCTION record_post_transition();
