-- Keys, foreign keys and their indexes; made after the load, since that is several times faster.
ALTER TABLE claims.plan ADD PRIMARY KEY (plan_id);
ALTER TABLE claims.provider ADD PRIMARY KEY (provider_id);
ALTER TABLE claims.member ADD PRIMARY KEY (member_id);
ALTER TABLE claims.eligibility_span ADD PRIMARY KEY (span_id);
ALTER TABLE claims.claim ADD PRIMARY KEY (claim_id);
ALTER TABLE claims.claim_line ADD PRIMARY KEY (claim_id, line_no);
ALTER TABLE claims.claim_diagnosis ADD PRIMARY KEY (claim_id, sequence_no);
ALTER TABLE claims.claim_status_event ADD PRIMARY KEY (event_id);
ALTER TABLE claims.payment ADD PRIMARY KEY (payment_id);

CREATE INDEX ON claims.eligibility_span (member_id);
CREATE INDEX ON claims.claim (member_id);
CREATE INDEX ON claims.claim_status_event (claim_id);
CREATE INDEX ON claims.payment (claim_id);

ALTER TABLE claims.eligibility_span
    ADD FOREIGN KEY (member_id) REFERENCES claims.member ON UPDATE CASCADE,
    ADD FOREIGN KEY (plan_id) REFERENCES claims.plan;
ALTER TABLE claims.claim
    ADD FOREIGN KEY (member_id) REFERENCES claims.member ON UPDATE CASCADE,
    ADD FOREIGN KEY (provider_id) REFERENCES claims.provider,
    ADD FOREIGN KEY (plan_id) REFERENCES claims.plan;
ALTER TABLE claims.claim_line ADD FOREIGN KEY (claim_id) REFERENCES claims.claim;
ALTER TABLE claims.claim_diagnosis ADD FOREIGN KEY (claim_id) REFERENCES claims.claim;
ALTER TABLE claims.claim_status_event ADD FOREIGN KEY (claim_id) REFERENCES claims.claim;
ALTER TABLE claims.payment ADD FOREIGN KEY (claim_id) REFERENCES claims.claim;
