-- Rows for TestNoQueryReadsMoreTheMoreThereIs. What is open, and what is few by itself, is made here and stays as much; CALL grow
-- makes what grows. Neither looks at foreign keys nor runs triggers: what these would write is made here too.
CREATE FUNCTION id_of(kind integer, n integer) RETURNS uuid IMMUTABLE PARALLEL SAFE LANGUAGE sql
    AS $$ SELECT (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(kind), 12, '0'))::uuid $$;
CREATE FUNCTION moment(n integer) RETURNS timestamptz IMMUTABLE PARALLEL SAFE LANGUAGE sql
    AS $$ SELECT '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 minute' $$;

-- Row n is made at minute n. Every second one is the owner's with the number 0, the others are one each of others. The indexes are
-- left as they are, which takes a fraction of the time: REINDEX afterwards.
CREATE PROCEDURE grow(first integer, last integer) LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL session_replication_role = replica;
    UPDATE pg_index SET indisready = false WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace);
    INSERT INTO users (id, email, email_key, name, created_at)
    SELECT id_of(1, n), 'u' || n || '@example.org', 'u' || n || '@example.org', '', moment(n) FROM generate_series(first, last) n;
    INSERT INTO api_keys (id, owner_id, label, prefix, hash, created_at)
    SELECT id_of(2, n), id_of(1, n), '', 'k' || n, decode(repeat('00', 32), 'hex'), moment(n) FROM generate_series(first, last) n;
    INSERT INTO passwords (owner_id, hash, changed_at) SELECT id_of(1, n), '', moment(n) FROM generate_series(first, last) n;
    INSERT INTO sessions (id, owner_id, token_hash, user_agent, address, created_at, last_used_at, expires_at, ends_at)
    SELECT id_of(12, n), id_of(1, n % 2 * n), 't' || n, '', '192.0.2.1', moment(n), moment(n), moment(n) + interval '10 years',
        moment(n) + interval '10 years'
    FROM generate_series(first, last) n;
    INSERT INTO sign_in_links (token_hash, owner_id, expires_at)
    SELECT convert_to('l' || n, 'UTF8'), id_of(1, n), moment(n) + interval '10 years' FROM generate_series(first, last) n;
    INSERT INTO linkedin_accounts (id, owner_id, urn, display_name, sealed_token, scopes, is_default, token_expires_at, sealed_refresh_token,
        refresh_token_expires_at, paused_reason, created_at, updated_at)
    SELECT id_of(3, n), id_of(1, n), 'urn:li:person:' || n, '', 't', '{}', true, moment(n) + interval '60 days',
        CASE n % 2 WHEN 1 THEN 'r'::bytea END, CASE n % 2 WHEN 1 THEN moment(n) + interval '365 days' END,
        CASE n % 5 WHEN 1 THEN 'REVOKED_ACCESS_TOKEN' ELSE '' END, moment(n), moment(n)
    FROM generate_series(first, last) n;
    INSERT INTO queues (account_id, owner_id, time_zone, slots, revision, updated_at)
    SELECT id_of(3, n), id_of(1, n), 'UTC', '{540}', 1, moment(n) FROM generate_series(first, last) n;
    INSERT INTO consents (state_hash, owner_id, organization, expires_at)
    SELECT convert_to('c' || n, 'UTF8'), id_of(1, n), '', moment(n) + interval '10 years' FROM generate_series(first, last) n;
    INSERT INTO posts (id, owner_id, account_id, content, post_type, tone, target_audience, visibility, hashtags, state, published_at,
        linkedin_urn, created_at, updated_at)
    SELECT id_of(4, n), id_of(1, n % 2 * n), id_of(3, n % 2 * n), 'Number ' || n, 'story', 'humorous', '', 'public', '{}', 'published', moment(n),
        'urn:li:share:' || n, moment(n), moment(n)
    FROM generate_series(first, last) n;
    INSERT INTO post_search (post_id, folded) SELECT id_of(4, n), 'number ' || n FROM generate_series(first, last) n;
    INSERT INTO post_search_grams (post_id, owner_id, created_at, grams)
    SELECT id_of(4, n), id_of(1, n % 2 * n), moment(n), ARRAY[n] FROM generate_series(first, last) n;
    INSERT INTO post_search_backlog (owner_id, created_at, post_id)
    SELECT id_of(1, n % 2 * n), moment(n), id_of(4, n) FROM generate_series(first, last) n;
    INSERT INTO post_transitions (post_id, revision, state, occurred_at)
    SELECT id_of(4, n), 1, 'published', moment(n) FROM generate_series(first, last) n;
    INSERT INTO publications (id, post_id, owner_id, account_id, state, created_at, due_at, ended_at)
    SELECT id_of(5, n), id_of(4, n), id_of(1, n % 2 * n), id_of(3, n % 2 * n), 'published', moment(n), moment(n), moment(n)
    FROM generate_series(first, last) n;
    INSERT INTO publish_attempts (id, publication_id, post_id, number, started_at, ended_at, outcome)
    SELECT id_of(6, n), id_of(5, n), id_of(4, n), 1, moment(n), moment(n), 'accepted' FROM generate_series(first, last) n;
    INSERT INTO post_analytics (post_id, owner_id, views_count, refreshed_at)
    SELECT id_of(4, n), id_of(1, n % 2 * n), 1, moment(n) FROM generate_series(first, last) n;
    INSERT INTO post_numbers (post_id, counted_at, views_count)
    SELECT id_of(4, n), moment(n) - interval '1 second', 1 FROM generate_series(first, last) n;
    INSERT INTO post_numbers (post_id, counted_at, likes_count, comments_count)
    SELECT id_of(4, n), moment(n) + interval '2 days', 1, 1 FROM generate_series(first, last) n;
    INSERT INTO post_versions (post_id, number, kind, text_number, content, source_number, optimization_type, sentiment_label, hashtags, engine,
        model, model_version, prompt_hash, input_tokens, output_tokens, cost_micros, created_at)
    SELECT id_of(4, n), v, CASE v WHEN 1 THEN 'text' ELSE 'optimization' END, 1, 'Number ' || n, 0, '', '', '{}', '', '', '', '', 0, 0, 0, moment(n)
    FROM generate_series(first, last) n, generate_series(1, 3) v;
    INSERT INTO post_numbers_due (post_id, due_at) SELECT id_of(4, n), moment(n) FROM generate_series(first, last) n;
    INSERT INTO post_analyses (post_id, owner_id, content_hash, sentiment_label, sentiment_score, analyzed_at)
    SELECT id_of(4, n), id_of(1, n % 2 * n), '', 'neutral', 0, moment(n) FROM generate_series(first, last) n;
    INSERT INTO notifications (id, owner_id, post_id, channel, recipient, subject, delivered, problem, created_at)
    SELECT id_of(7, n), id_of(1, n % 2 * n), id_of(4, n), 'email', '', '', true, '', moment(n) FROM generate_series(first, last) n;
    INSERT INTO notification_preferences (owner_id, muted, updated_at) SELECT id_of(1, n), '{}', moment(n) FROM generate_series(greatest(first, 1), last) n;
    INSERT INTO push_subscriptions (id, owner_id, endpoint, p256dh, sealed_auth, description, created_at, updated_at)
    SELECT id_of(97, n), id_of(1, n), 'https://push.example.org/' || n, '', 's', '', moment(n), moment(n)
    FROM generate_series(greatest(first, 1), last) n;
    INSERT INTO notification_counts (owner_id, day, allowance, sent)
    SELECT id_of(1, n % 2 * n), moment(n), 'news_email', 1 FROM generate_series(first, last) n;
    INSERT INTO webhooks (id, owner_id, url, description, event_types, sealed_secret, due_at, free_at, created_at, updated_at)
    SELECT id_of(9, n), id_of(1, n), 'https://example.org', '', '{post.created}', 's', CASE n % 2 WHEN 1 THEN moment(n) END,
        moment(n) + interval '10 years', moment(n), moment(n)
    FROM generate_series(first, last) n;
    INSERT INTO webhook_events (id, owner_id, type, data, occurred_at, fanned_out)
    SELECT id_of(92, n), id_of(1, n % 2 * n), 'post.created', '{}', moment(n), true FROM generate_series(first, last) n;
    INSERT INTO webhook_deliveries (webhook_id, event_id, state, problem, attempts, give_up_at, created_at, ended_at)
    SELECT id_of(9, n % 2 * n), id_of(92, n), 'delivered', '', 1, moment(n), moment(n), moment(n) FROM generate_series(first, last) n;
    INSERT INTO webhook_attempts (webhook_id, event_id, number, started_at, took_ms, status, answer, problem)
    SELECT id_of(9, n % 2 * n), id_of(92, n), 1, moment(n), 1, 200, '', '' FROM generate_series(first, last) n;
    INSERT INTO webhook_counts (owner_id, day, deliveries) SELECT id_of(1, n % 2 * n), moment(n), 1 FROM generate_series(first, last) n;
    INSERT INTO requests (owner_id, operation, request_id, request_hash, post_ids, created_at)
    SELECT id_of(1, n % 2 * n), 'o', 'r' || n, '', ARRAY[id_of(4, n)], moment(n) FROM generate_series(first, last) n;
END
$$;

-- The owner, with an account. Its posts in each state, numbered as kinds from 41 on: two that are scheduled and queued and held, in 48 and 49.
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO users (id, email, name, created_at)
VALUES (id_of(1, 0), 'owner@example.org', '', moment(0)), (id_of(11, 0), 'other@example.org', '', moment(0));
INSERT INTO api_keys (id, owner_id, label, prefix, hash, created_at)
VALUES (id_of(2, 0), id_of(1, 0), '', 'k0', decode(repeat('00', 32), 'hex'), moment(0));
INSERT INTO linkedin_accounts (id, owner_id, urn, display_name, sealed_token, scopes, is_default, hold_streak, created_at, updated_at)
VALUES (id_of(3, 0), id_of(1, 0), 'urn:li:person:0', '', 't', '{}', true, 1, moment(0), moment(0)),
    (id_of(31, 0), id_of(11, 0), 'urn:li:person:other', '', 't', '{}', false, 0, moment(0), moment(0));
INSERT INTO queues (account_id, owner_id, time_zone, slots, revision, updated_at) VALUES (id_of(3, 0), id_of(1, 0), 'UTC', '{540}', 1, moment(0));
INSERT INTO posts (id, owner_id, account_id, content, post_type, tone, target_audience, visibility, hashtags, state, scheduled_at,
    published_at, failure_code, created_at, updated_at)
SELECT id_of(kind, 0), id_of(1, 0), id_of(3, 0), 'In the state ' || state, 'story', 'humorous', '', 'public', '{}', state,
    CASE state WHEN 'scheduled' THEN moment(kind) END, CASE state WHEN 'published' THEN moment(0) END,
    CASE WHEN kind >= 48 THEN 'held' WHEN state IN ('failed', 'unconfirmed') THEN 'code' ELSE '' END, moment(0), moment(0)
FROM (VALUES (41, 'draft'), (42, 'scheduled'), (43, 'queued'), (44, 'publishing'), (45, 'published'), (46, 'failed'), (47, 'unconfirmed'),
    (48, 'scheduled'), (49, 'queued')) AS made (kind, state);
INSERT INTO post_transitions (post_id, revision, state, occurred_at) SELECT id, 1, state, moment(0) FROM posts WHERE id >= id_of(41, 0) AND id <= id_of(49, 0);
INSERT INTO publications (id, post_id, owner_id, account_id, state, created_at, due_at, ended_at, turn)
SELECT id_of(kind + 10, 0), id_of(kind, 0), id_of(1, 0), id_of(3, 0), state, moment(0), moment(0),
    CASE WHEN state NOT IN ('queued', 'publishing') THEN moment(0) END, CASE kind WHEN 49 THEN 'awaited' ELSE '' END
FROM (VALUES (43, 'queued'), (44, 'publishing'), (45, 'published'), (46, 'failed'), (47, 'unconfirmed'), (49, 'queued')) AS made (kind, state);
INSERT INTO publish_attempts (id, publication_id, post_id, number, started_at, ended_at, outcome)
VALUES (id_of(64, 0), id_of(54, 0), id_of(44, 0), 1, moment(0), NULL, 'started'), (id_of(67, 0), id_of(57, 0), id_of(47, 0), 1, moment(0), moment(0), 'in_doubt');
-- Messages that were delivered, given up, wait and are being sent, numbered as kinds from 71 on.
INSERT INTO notifications (id, owner_id, channel, recipient, subject, delivered, problem, created_at, event, state, attempts, content)
SELECT id_of(kind, 0), id_of(1, 0), 'email', '', '', kind = 71, '', moment(0), 'failed', state, 1, 'c'
FROM (VALUES (71, 'ended'), (72, 'ended'), (73, 'waiting'), (74, 'sending')) AS made (kind, state);
INSERT INTO notification_preferences (owner_id, muted, updated_at) VALUES (id_of(1, 0), '{}', moment(0));
INSERT INTO push_subscriptions (id, owner_id, endpoint, p256dh, sealed_auth, description, created_at, updated_at)
VALUES (id_of(97, 0), id_of(1, 0), 'https://push.example.org/0', '', 's', '', moment(0), moment(0));
INSERT INTO passwords (owner_id, hash, changed_at) VALUES (id_of(1, 0), '', moment(0));
INSERT INTO sessions (id, owner_id, token_hash, user_agent, address, created_at, last_used_at, expires_at, ends_at)
SELECT id_of(13, n), id_of(11, 0), 'old' || n, '', '', moment(-n), moment(-n), moment(-n), moment(-n) FROM generate_series(1, 10) n;
INSERT INTO sign_in_links (token_hash, owner_id, expires_at) VALUES ('set-up', NULL, moment(9000000)), ('old', id_of(1, 0), moment(-1));
INSERT INTO consents (state_hash, owner_id, organization, expires_at)
SELECT convert_to('old' || n, 'UTF8'), id_of(1, 0), '', moment(-n) FROM generate_series(1, 10) n;
INSERT INTO webhooks (id, owner_id, url, description, event_types, sealed_secret, failing_since, last_failed_at, due_at, free_at, created_at, updated_at)
VALUES (id_of(9, 0), id_of(1, 0), 'https://example.org', '', '{post.created}', 's', moment(0), moment(0), moment(0), moment(0), moment(0), moment(0));
INSERT INTO webhook_events (id, owner_id, type, data, occurred_at, fanned_out)
VALUES (id_of(91, 0), id_of(1, 0), 'post.created', '{}', moment(0), true), (id_of(93, 0), id_of(1, 0), 'post.created', '{}', moment(0), false);
INSERT INTO webhook_deliveries (webhook_id, event_id, state, problem, next_attempt_at, give_up_at, created_at)
VALUES (id_of(9, 0), id_of(91, 0), 'pending', '', moment(0), moment(0), moment(0));
-- A webhook with a secret whose time is over, and two that were deleted: one of them has a delivery yet.
INSERT INTO webhooks (id, owner_id, url, description, event_types, sealed_secret, sealed_previous_secret, previous_secret_until, off_reason, off_at,
    free_at, created_at, updated_at)
VALUES (id_of(94, 0), id_of(1, 0), 'https://example.org', '', '{}', 's', 's', moment(0), '', NULL, moment(0), moment(0), moment(0)),
    (id_of(95, 0), id_of(1, 0), '', '', '{}', '', NULL, NULL, 'deleted', moment(0), moment(0), moment(0), moment(0)),
    (id_of(96, 0), id_of(1, 0), '', '', '{}', '', NULL, NULL, 'deleted', moment(0), moment(0), moment(0), moment(0));
INSERT INTO webhook_deliveries (webhook_id, event_id, state, problem, attempts, give_up_at, created_at, ended_at)
VALUES (id_of(95, 0), id_of(91, 0), 'delivered', '', 1, moment(0), moment(0), moment(0));
INSERT INTO workers (id, started_at, seen_at) SELECT id_of(8, n), now(), now() - n * interval '1 day' FROM generate_series(0, 2) n;
INSERT INTO database_origin (place, written_by, written_to, seen_at) VALUES ('', '', '', moment(0));
COMMIT;
