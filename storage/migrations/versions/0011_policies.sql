-- The auditor for whom the transaction speaks, as the tables know them: of this company, in the role, not disabled.
create function reading_auditor(of_company uuid) returns uuid language sql stable as $$
    select r.user_id
    from user_role r join app_user u on u.company_id = r.company_id and u.id = r.user_id
    where r.company_id = of_company and r.role = 'auditor' and u.disabled_at is null
        and 'auditor:' || r.user_id = current_setting('tieout.reader', true)
$$;

-- Everybody of the company knows that a round exists; in audit mode only its auditor changes it.
create policy auditor_draws on confirmation_round as restrictive for insert
    with check (mode = 'commercial' or auditor_id = reading_auditor(company_id));
create policy auditor_decides on confirmation_round as restrictive for update
    using (mode = 'commercial' or auditor_id = reading_auditor(company_id));

-- A letter of an audit: its auditor, whoever holds its link, the relay that carries it; everybody once it is released.
create policy letter_is_open on confirmation_letter as restrictive for select using (
    current_setting('tieout.reader', true) in ('relay', 'letter:' || id)
    or exists (
        select 1 from confirmation_round r
        where r.company_id = confirmation_letter.company_id and r.id = confirmation_letter.round_id
            and (r.mode = 'commercial' or r.released_at is not null or r.auditor_id = reading_auditor(r.company_id))
    )
);
create policy owner_draws_letter on confirmation_letter as restrictive for insert with check (
    exists (
        select 1 from confirmation_round r
        where r.company_id = confirmation_letter.company_id and r.id = confirmation_letter.round_id
            and (r.mode = 'commercial' or r.auditor_id = reading_auditor(r.company_id))
    )
);
create policy owner_moves_letter on confirmation_letter as restrictive for update using (
    current_setting('tieout.reader', true) = 'letter:' || id
    or exists (
        select 1 from confirmation_round r
        where r.company_id = confirmation_letter.company_id and r.id = confirmation_letter.round_id
            and (r.mode = 'commercial' or r.auditor_id = reading_auditor(r.company_id))
    )
);

-- A reply: the same, but not the relay.
create policy reply_is_open on confirmation_reply as restrictive for select using (
    current_setting('tieout.reader', true) = 'letter:' || letter_id
    or exists (
        select 1 from confirmation_letter l
        join confirmation_round r on r.company_id = l.company_id and r.id = l.round_id
        where l.company_id = confirmation_reply.company_id and l.id = confirmation_reply.letter_id
            and (r.mode = 'commercial' or r.released_at is not null or r.auditor_id = reading_auditor(r.company_id))
    )
);
create policy replier_writes on confirmation_reply as restrictive for insert with check (
    current_setting('tieout.reader', true) = 'letter:' || letter_id
    or exists (
        select 1 from confirmation_letter l
        join confirmation_round r on r.company_id = l.company_id and r.id = l.round_id
        where l.company_id = confirmation_reply.company_id and l.id = confirmation_reply.letter_id
            and (r.mode = 'commercial' or r.auditor_id = reading_auditor(r.company_id))
    )
);

-- A mail that answers a letter.
create policy follows_message on inbound_mail as restrictive using (
    outbox_id is null
    or exists (select 1 from outbox o where o.company_id = inbound_mail.company_id and o.id = inbound_mail.outbox_id)
);
