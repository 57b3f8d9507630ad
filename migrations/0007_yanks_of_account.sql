-- How many versions an account has yanked is asked at each yank.
create index withdrawn_by on versions ((yanked ->> 'yankedBy')) where yanked is not null;
