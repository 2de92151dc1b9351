-- Notes every change that an oracle must know, when its transaction is about to end: a deferred
-- trigger runs last, and its statements see what is committed by then. So the fence it reads is the
-- newest there is, and a write of an older term that gets this far is caught.
CREATE TABLE chaos_ledger (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at float8 NOT NULL,
    address text,
    application text NOT NULL,
    tab text NOT NULL,
    subject text NOT NULL,
    was text NOT NULL,
    became text NOT NULL,
    epoch bigint,
    term text NOT NULL,
    fence_epoch bigint NOT NULL,
    fence_term text NOT NULL,
    fence_holder text NOT NULL
);

CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
    became jsonb := to_jsonb(NEW);
    shown text := TG_ARGV[0];
BEGIN
    INSERT INTO public.chaos_ledger (at, address, application, tab, subject, was, became, epoch, term,
        fence_epoch, fence_term, fence_holder)
    SELECT extract(epoch FROM clock_timestamp()), host(inet_client_addr()),
        current_setting('application_name'), TG_TABLE_NAME,
        coalesce(became ->> 'id', became ->> 'channel_id', ''),
        coalesce(was ->> shown, ''), coalesce(became ->> shown, ''),
        coalesce(became ->> 'claimed_epoch', became ->> 'epoch')::bigint,
        coalesce(became ->> 'claimed_term', became ->> 'term', ''),
        f.epoch, coalesce(f.term::text, ''), coalesce(f.holder, '')
    FROM public.fence AS f;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER chaos_fence AFTER UPDATE ON fence
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_note('epoch');
CREATE CONSTRAINT TRIGGER chaos_heartbeat AFTER UPDATE ON leader_heartbeat
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_note('epoch');
CREATE CONSTRAINT TRIGGER chaos_states AFTER INSERT OR UPDATE ON channel_states
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_note('state');
CREATE CONSTRAINT TRIGGER chaos_outbox AFTER INSERT OR UPDATE ON outbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_note('state');
CREATE CONSTRAINT TRIGGER chaos_turns_new AFTER INSERT ON turns
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_note('state');
CREATE CONSTRAINT TRIGGER chaos_turns AFTER UPDATE ON turns
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION chaos_note('state');
