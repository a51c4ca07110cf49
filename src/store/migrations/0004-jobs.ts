/**
 * Jobs and their lines, one line a user. A line's `calls` has one letter for each call that it takes (50 apps a call):
 * `.` not sent yet, `s` sent and not answered, `r` sent a second time and not answered, `k` clearly yes, `f` clearly no,
 * `u` never to be known. Reading back goes app by app and may take longer than one gateway has a line in hand:
 * `reads_done` counts the apps that were seen to be offline, `reads_tried` has a letter for each other reading of the next
 * one: `o` online, `x` not to be read.
 */
export const jobTables = `
  create table kick_jobs (
    position bigint generated always as identity unique,
    id uuid primary key,
    issuer text not null,
    subject text not null,
    idempotency_key text not null,
    input_hash text not null,
    format integer not null,
    state text not null,
    user_id_type text not null,
    app_ids text[] not null,
    reason text not null,
    ticket text,
    verify boolean not null,
    request_id text not null,
    retry_of uuid,
    total integer not null,
    created_at timestamptz(3) not null default clock_timestamp(),
    finished_at timestamptz(3),
    unique (issuer, subject, idempotency_key)
  );
  create index kick_jobs_open on kick_jobs (id) where finished_at is null;

  create table kick_lines (
    job_id uuid not null references kick_jobs (id),
    line integer not null,
    user_id text,
    state text not null,
    code text,
    message text,
    attempts integer not null default 0,
    calls text not null,
    reads_done integer not null default 0,
    reads_tried text not null default '',
    owner uuid,
    sent_at timestamptz(3),
    finished_at timestamptz(3),
    verified_offline boolean,
    primary key (job_id, line)
  ) with (fillfactor = 70);
  create index kick_lines_pending on kick_lines (job_id) where state = 'PENDING';
  create index kick_lines_erasable on kick_lines (finished_at) where user_id is not null;
`;
