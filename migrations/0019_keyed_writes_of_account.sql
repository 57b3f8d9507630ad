-- How many writes with an Idempotency-Key an account has on record, and why an answer was not kept. Both are unknown of
-- what was written before, which is forgotten within a day.
alter table idempotent_requests
  add column account  text,
  add column left_out text check (left_out in ('secret', 'large')); -- null of those before: a secret, where answer is null
create index idempotent_requests_of_account on idempotent_requests (account, at);
