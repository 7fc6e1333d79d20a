-- The payer's database. Every name and number that looks personal is made up: SSNs start with 9.
-- Keys and indexes follow in constraints.sql, after the initial load.
CREATE SCHEMA claims;

CREATE TABLE claims.plan (
    plan_id          integer NOT NULL,
    name             text    NOT NULL,
    line_of_business text    NOT NULL,
    metal            text
);

CREATE TABLE claims.provider (
    provider_id integer NOT NULL,
    npi         text    NOT NULL,
    name        text    NOT NULL,
    specialty   text    NOT NULL,
    address     text,
    par_status  text    NOT NULL CHECK (par_status IN ('par', 'non-par'))
);

CREATE TABLE claims.member (
    member_id     bigint      NOT NULL,
    subscriber_id bigint      NOT NULL,
    first_name    text        NOT NULL,
    last_name     text        NOT NULL,
    birth_date    date        NOT NULL,
    sex           text        NOT NULL CHECK (sex IN ('F', 'M', 'U')),
    ssn           text,
    address       text,
    city          text,
    state         text,
    zip           text,
    updated_at    timestamptz NOT NULL
);

-- Covers [from_date, to_date); 9999-12-31 is open.
CREATE TABLE claims.eligibility_span (
    span_id   bigint  NOT NULL,
    member_id bigint  NOT NULL,
    plan_id   integer NOT NULL,
    from_date date    NOT NULL,
    to_date   date    NOT NULL,
    reason    text    NOT NULL,
    CHECK (from_date < to_date)
);

CREATE TABLE claims.claim (
    claim_id       bigint         NOT NULL,
    member_id      bigint         NOT NULL,
    provider_id    integer        NOT NULL,
    plan_id        integer        NOT NULL,
    claim_type     text           NOT NULL CHECK (claim_type IN ('professional', 'institutional')),
    claim_status   text           NOT NULL CHECK (claim_status IN
                       ('received', 'adjudicated', 'paid', 'denied', 'adjusted', 'voided')),
    service_from   date           NOT NULL,
    service_to     date           NOT NULL,
    received_date  date           NOT NULL,
    paid_date      date,
    billed_amount  numeric(12, 2) NOT NULL,
    allowed_amount numeric(12, 2) NOT NULL,
    paid_amount    numeric(12, 2) NOT NULL,
    attachments    jsonb,
    note           text,
    updated_at     timestamptz    NOT NULL
);

-- allowed_amount = paid_amount + deductible + copay + coinsurance; the header holds the sums.
CREATE TABLE claims.claim_line (
    claim_id       bigint         NOT NULL,
    line_no        integer        NOT NULL,
    procedure_code text           NOT NULL,
    units          integer        NOT NULL,
    service_date   date           NOT NULL,
    billed_amount  numeric(12, 2) NOT NULL,
    allowed_amount numeric(12, 2) NOT NULL,
    paid_amount    numeric(12, 2) NOT NULL,
    deductible     numeric(12, 2) NOT NULL,
    copay          numeric(12, 2) NOT NULL,
    coinsurance    numeric(12, 2) NOT NULL,
    CHECK (allowed_amount = paid_amount + deductible + copay + coinsurance)
);

CREATE TABLE claims.claim_diagnosis (
    claim_id             bigint   NOT NULL,
    sequence_no          smallint NOT NULL,
    diagnosis_code       text     NOT NULL,
    present_on_admission boolean
);

CREATE TABLE claims.claim_status_event (
    event_id    bigint      NOT NULL,
    claim_id    bigint      NOT NULL,
    status      text        NOT NULL,
    user_class  text        NOT NULL CHECK (user_class IN ('auto', 'manual')),
    occurred_at timestamptz NOT NULL
);

-- The payments of a claim add up to its paid_amount; a recovery is negative.
CREATE TABLE claims.payment (
    payment_id bigint         NOT NULL,
    claim_id   bigint         NOT NULL,
    amount     numeric(12, 2) NOT NULL,
    method     text           NOT NULL CHECK (method IN ('eft', 'check')),
    paid_date  date           NOT NULL
);

-- Where the simulator is; written in the transaction that it counts. Not part of the payer's data.
CREATE SCHEMA claims_simulation;

CREATE TABLE claims_simulation.progress (
    transaction_number bigint NOT NULL,
    seed               bigint NOT NULL,
    scale              bigint NOT NULL,
    bulk_at            bigint NOT NULL,
    alter_at           bigint NOT NULL
);

-- Says which transaction of the server committed every 1,000th transaction of the simulator.
CREATE TABLE claims_simulation.milestone (
    transaction_number bigint PRIMARY KEY,
    transaction_id     xid8   NOT NULL
);
