/** Frozen: what ports/tables.ts declared when this was the newest schema. */
export const initial = `
CREATE TABLE "contracts" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C",
  "vendor" text COLLATE "C",
  "tags" text NOT NULL,
  "format" text COLLATE "C",
  "version" bigint NOT NULL,
  "policy" text NOT NULL,
  "sketch_key_sealed" text COLLATE "C" NOT NULL,
  "users" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "updated_at" bigint NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE UNIQUE INDEX "contracts_name" ON "contracts" ("tenant_id", "name");
CREATE INDEX "contracts_created" ON "contracts" ("tenant_id", "created_at", "id");
CREATE TABLE "contract_versions" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "contract_id" text COLLATE "C" NOT NULL,
  "version" bigint NOT NULL,
  "change_type" text COLLATE "C" NOT NULL,
  "summary" text COLLATE "C",
  "actor" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "contract_versions_contract" ON "contract_versions" ("tenant_id", "contract_id", "version", "id");
CREATE TABLE "contract_schemas" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "schema" text NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE TABLE "monitors" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C",
  "contract_id" text COLLATE "C" NOT NULL,
  "active" boolean NOT NULL,
  "token_hash" text COLLATE "C" NOT NULL,
  "token_prefix" text COLLATE "C" NOT NULL,
  "token_sealed" text COLLATE "C" NOT NULL,
  "max_bytes" bigint,
  "max_files" bigint NOT NULL,
  "rate_limit" text NOT NULL,
  "allowed_addresses" text NOT NULL,
  "signing_sealed" text COLLATE "C",
  "signing_prefix" text COLLATE "C",
  "created_at" bigint NOT NULL,
  "updated_at" bigint NOT NULL,
  "last_upload_at" bigint,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE UNIQUE INDEX "monitors_token" ON "monitors" ("token_hash");
CREATE INDEX "monitors_created" ON "monitors" ("tenant_id", "created_at", "id");
CREATE TABLE "drift_events" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "monitor_id" text COLLATE "C",
  "contract_id" text COLLATE "C" NOT NULL,
  "contract_version" bigint NOT NULL,
  "source_name" text COLLATE "C",
  "file_name" text COLLATE "C",
  "file_size" bigint,
  "file_sha256" text COLLATE "C",
  "format" text COLLATE "C",
  "status" text COLLATE "C" NOT NULL,
  "severity" text COLLATE "C",
  "result" text COLLATE "C" NOT NULL,
  "score" bigint,
  "additions" bigint NOT NULL,
  "removals" bigint NOT NULL,
  "changes" bigint NOT NULL,
  "renames" bigint NOT NULL,
  "fingerprint" text COLLATE "C",
  "open_key" text COLLATE "C",
  "notes" text COLLATE "C",
  "resolved_via" text COLLATE "C",
  "resolved_by" text COLLATE "C",
  "created_at" bigint NOT NULL,
  "resolved_at" bigint,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE UNIQUE INDEX "drift_events_open" ON "drift_events" ("tenant_id", "open_key");
CREATE INDEX "drift_events_created" ON "drift_events" ("tenant_id", "created_at", "id");
CREATE INDEX "drift_events_contract" ON "drift_events" ("tenant_id", "contract_id", "created_at", "id");
CREATE INDEX "drift_events_monitor" ON "drift_events" ("tenant_id", "monitor_id" NULLS FIRST, "created_at", "id");
CREATE INDEX "drift_events_status" ON "drift_events" ("tenant_id", "status", "created_at", "id");
CREATE TABLE "drift_reports" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "report" text NOT NULL,
  "error" text NOT NULL,
  "told" text NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE TABLE "subscriptions" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "name" text COLLATE "C" NOT NULL,
  "description" text COLLATE "C",
  "url_sealed" text COLLATE "C" NOT NULL,
  "url_shown" text COLLATE "C" NOT NULL,
  "events" text NOT NULL,
  "contract_id" text COLLATE "C",
  "monitor_id" text COLLATE "C",
  "audience" text COLLATE "C" NOT NULL,
  "channel" text COLLATE "C" NOT NULL,
  "enabled" boolean NOT NULL,
  "disabled_reason" text COLLATE "C",
  "signature" text COLLATE "C" NOT NULL,
  "signature_headers" text NOT NULL,
  "retry_delays" text NOT NULL,
  "rate_limit" text NOT NULL,
  "headers_sealed" text NOT NULL,
  "secret_prefix" text COLLATE "C" NOT NULL,
  "secret_sealed" text COLLATE "C" NOT NULL,
  "previous_secrets" text NOT NULL,
  "created_by" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "updated_at" bigint NOT NULL,
  "revision" bigint NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "subscriptions_created" ON "subscriptions" ("tenant_id", "created_at", "id");
CREATE INDEX "subscriptions_enabled" ON "subscriptions" ("tenant_id", "enabled", "created_at", "id");
CREATE TABLE "subscription_health" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "last_delivery_status" text COLLATE "C",
  "last_delivery_at" bigint,
  "failing_since" bigint,
  "failing_told" bigint,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE TABLE "revisions" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "revision" bigint NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE TABLE "messages" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "type" text COLLATE "C" NOT NULL,
  "result" text COLLATE "C",
  "contract_id" text COLLATE "C",
  "monitor_id" text COLLATE "C",
  "about" text COLLATE "C",
  "traceparent" text COLLATE "C",
  "created_at" bigint NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "messages_created" ON "messages" ("tenant_id", "created_at", "id");
CREATE TABLE "message_bodies" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "data" bytea NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE TABLE "deliveries" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "lane" text COLLATE "C" NOT NULL,
  "due_at" bigint,
  "lease_until" bigint,
  "fence" bigint NOT NULL,
  "claims" bigint NOT NULL,
  "subscription_id" text COLLATE "C" NOT NULL,
  "message_id" text COLLATE "C" NOT NULL,
  "event" text COLLATE "C" NOT NULL,
  "status" text COLLATE "C" NOT NULL,
  "failure_reason" text COLLATE "C",
  "http_status_code" bigint,
  "attempt_count" bigint NOT NULL,
  "attempts_before" bigint NOT NULL,
  "manual" boolean NOT NULL,
  "created_at" bigint NOT NULL,
  "queued_at" bigint NOT NULL,
  "completed_at" bigint,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE UNIQUE INDEX "deliveries_once" ON "deliveries" ("tenant_id", "message_id", "subscription_id");
CREATE INDEX "deliveries_created" ON "deliveries" ("tenant_id", "created_at", "id");
CREATE INDEX "deliveries_subscription" ON "deliveries" ("tenant_id", "subscription_id", "created_at", "id");
CREATE INDEX "deliveries_status" ON "deliveries" ("tenant_id", "subscription_id", "status", "created_at", "id");
CREATE INDEX "deliveries_work_lane" ON "deliveries" ("tenant_id", "lane", "due_at", "id") WHERE "due_at" IS NOT NULL;
CREATE INDEX "deliveries_work_due" ON "deliveries" ("due_at", "tenant_id", "lane") WHERE "due_at" IS NOT NULL;
CREATE INDEX "deliveries_work_lease" ON "deliveries" ("tenant_id", "lane", "lease_until") WHERE "lease_until" IS NOT NULL;
CREATE TABLE "delivery_bodies" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "content_type" text COLLATE "C" NOT NULL,
  "body" bytea NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE TABLE "attempts" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "delivery_id" text COLLATE "C" NOT NULL,
  "subscription_id" text COLLATE "C" NOT NULL,
  "number" bigint NOT NULL,
  "manual" boolean NOT NULL,
  "started_at" bigint NOT NULL,
  "duration_ms" bigint NOT NULL,
  "succeeded" boolean NOT NULL,
  "response_status" bigint,
  "error_class" text COLLATE "C",
  "error" text COLLATE "C",
  PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "attempts_delivery" ON "attempts" ("tenant_id", "delivery_id", "number", "id");
CREATE INDEX "attempts_subscription" ON "attempts" ("tenant_id", "subscription_id", "started_at", "id");
CREATE TABLE "attempt_details" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "url" text COLLATE "C" NOT NULL,
  "timings" text NOT NULL,
  "request_headers" text NOT NULL,
  "response_headers" text NOT NULL,
  "response_body" bytea,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE TABLE "jobs" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "lane" text COLLATE "C" NOT NULL,
  "due_at" bigint,
  "lease_until" bigint,
  "fence" bigint NOT NULL,
  "claims" bigint NOT NULL,
  "kind" text COLLATE "C" NOT NULL,
  "target" text COLLATE "C",
  "input" text NOT NULL,
  "state" text NOT NULL,
  "progress" text NOT NULL,
  "status" text COLLATE "C" NOT NULL,
  "failure_reason" text COLLATE "C",
  "created_by" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  "updated_at" bigint NOT NULL,
  "completed_at" bigint,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "jobs_created" ON "jobs" ("tenant_id", "created_at", "id");
CREATE INDEX "jobs_target" ON "jobs" ("tenant_id", "target" NULLS FIRST, "created_at", "id");
CREATE INDEX "jobs_work_lane" ON "jobs" ("tenant_id", "lane", "due_at", "id") WHERE "due_at" IS NOT NULL;
CREATE INDEX "jobs_work_due" ON "jobs" ("due_at", "tenant_id", "lane") WHERE "due_at" IS NOT NULL;
CREATE INDEX "jobs_work_lease" ON "jobs" ("tenant_id", "lane", "lease_until") WHERE "lease_until" IS NOT NULL;
CREATE TABLE "quotas" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "used" bigint NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE TABLE "idempotency_keys" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "request_hash" text COLLATE "C" NOT NULL,
  "result_id" text COLLATE "C" NOT NULL,
  "created_at" bigint NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "idempotency_keys_created" ON "idempotency_keys" ("tenant_id", "created_at", "id");
CREATE TABLE "audit_entries" (
  "tenant_id" text COLLATE "C" NOT NULL,
  "id" text COLLATE "C" NOT NULL,
  "actor" text COLLATE "C" NOT NULL,
  "action" text COLLATE "C" NOT NULL,
  "target" text COLLATE "C",
  "detail" text NOT NULL,
  "created_at" bigint NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "audit_entries_created" ON "audit_entries" ("tenant_id", "created_at", "id");
CREATE TABLE "counters" (
  "name" text COLLATE "C" NOT NULL PRIMARY KEY,
  "used" bigint NOT NULL
);
CREATE UNLOGGED TABLE "rate_windows" (
  "key" text COLLATE "C" NOT NULL PRIMARY KEY,
  "points" bigint NOT NULL,
  "expire" bigint NOT NULL
);
CREATE INDEX "rate_windows_end" ON "rate_windows" ("expire");
`
