/** Frozen: what ports/tables.ts declared when this was the newest schema. */
export const initial = `
CREATE TABLE "drifthook_contracts" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "description" TEXT,
  "vendor" TEXT,
  "tags" TEXT NOT NULL,
  "format" TEXT,
  "version" INTEGER NOT NULL,
  "policy" TEXT NOT NULL,
  "sketch_key_sealed" TEXT NOT NULL,
  "users" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "updated_at" INTEGER NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE UNIQUE INDEX "drifthook_contracts_name" ON "drifthook_contracts" ("tenant_id", "name");
CREATE INDEX "drifthook_contracts_created" ON "drifthook_contracts" ("tenant_id", "created_at", "id");
CREATE TABLE "drifthook_contract_versions" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "contract_id" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "change_type" TEXT NOT NULL,
  "summary" TEXT,
  "actor" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE INDEX "drifthook_contract_versions_contract" ON "drifthook_contract_versions" ("tenant_id", "contract_id", "version", "id");
CREATE TABLE "drifthook_contract_schemas" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "schema" TEXT NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE TABLE "drifthook_monitors" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "description" TEXT,
  "contract_id" TEXT NOT NULL,
  "active" INTEGER NOT NULL,
  "token_hash" TEXT NOT NULL,
  "token_prefix" TEXT NOT NULL,
  "token_sealed" TEXT NOT NULL,
  "max_bytes" INTEGER,
  "max_files" INTEGER NOT NULL,
  "rate_limit" TEXT NOT NULL,
  "allowed_addresses" TEXT NOT NULL,
  "signing_sealed" TEXT,
  "signing_prefix" TEXT,
  "created_at" INTEGER NOT NULL,
  "updated_at" INTEGER NOT NULL,
  "last_upload_at" INTEGER,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE UNIQUE INDEX "drifthook_monitors_token" ON "drifthook_monitors" ("token_hash");
CREATE INDEX "drifthook_monitors_created" ON "drifthook_monitors" ("tenant_id", "created_at", "id");
CREATE TABLE "drifthook_drift_events" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "monitor_id" TEXT,
  "contract_id" TEXT NOT NULL,
  "contract_version" INTEGER NOT NULL,
  "source_name" TEXT,
  "file_name" TEXT,
  "file_size" INTEGER,
  "file_sha256" TEXT,
  "format" TEXT,
  "status" TEXT NOT NULL,
  "severity" TEXT,
  "result" TEXT NOT NULL,
  "score" INTEGER,
  "additions" INTEGER NOT NULL,
  "removals" INTEGER NOT NULL,
  "changes" INTEGER NOT NULL,
  "renames" INTEGER NOT NULL,
  "fingerprint" TEXT,
  "open_key" TEXT,
  "notes" TEXT,
  "resolved_via" TEXT,
  "resolved_by" TEXT,
  "created_at" INTEGER NOT NULL,
  "resolved_at" INTEGER,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE UNIQUE INDEX "drifthook_drift_events_open" ON "drifthook_drift_events" ("tenant_id", "open_key");
CREATE INDEX "drifthook_drift_events_created" ON "drifthook_drift_events" ("tenant_id", "created_at", "id");
CREATE INDEX "drifthook_drift_events_contract" ON "drifthook_drift_events" ("tenant_id", "contract_id", "created_at", "id");
CREATE INDEX "drifthook_drift_events_monitor" ON "drifthook_drift_events" ("tenant_id", "monitor_id", "created_at", "id");
CREATE INDEX "drifthook_drift_events_status" ON "drifthook_drift_events" ("tenant_id", "status", "created_at", "id");
CREATE TABLE "drifthook_drift_reports" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "report" TEXT NOT NULL,
  "error" TEXT NOT NULL,
  "told" TEXT NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE TABLE "drifthook_subscriptions" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "description" TEXT,
  "url_sealed" TEXT NOT NULL,
  "url_shown" TEXT NOT NULL,
  "events" TEXT NOT NULL,
  "contract_id" TEXT,
  "monitor_id" TEXT,
  "audience" TEXT NOT NULL,
  "channel" TEXT NOT NULL,
  "enabled" INTEGER NOT NULL,
  "disabled_reason" TEXT,
  "signature" TEXT NOT NULL,
  "signature_headers" TEXT NOT NULL,
  "retry_delays" TEXT NOT NULL,
  "rate_limit" TEXT NOT NULL,
  "headers_sealed" TEXT NOT NULL,
  "secret_prefix" TEXT NOT NULL,
  "secret_sealed" TEXT NOT NULL,
  "previous_secrets" TEXT NOT NULL,
  "created_by" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "updated_at" INTEGER NOT NULL,
  "revision" INTEGER NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE INDEX "drifthook_subscriptions_created" ON "drifthook_subscriptions" ("tenant_id", "created_at", "id");
CREATE INDEX "drifthook_subscriptions_enabled" ON "drifthook_subscriptions" ("tenant_id", "enabled", "created_at", "id");
CREATE TABLE "drifthook_subscription_health" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "last_delivery_status" TEXT,
  "last_delivery_at" INTEGER,
  "failing_since" INTEGER,
  "failing_told" INTEGER,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE TABLE "drifthook_revisions" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "revision" INTEGER NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE TABLE "drifthook_messages" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "type" TEXT NOT NULL,
  "result" TEXT,
  "contract_id" TEXT,
  "monitor_id" TEXT,
  "about" TEXT,
  "traceparent" TEXT,
  "created_at" INTEGER NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE INDEX "drifthook_messages_created" ON "drifthook_messages" ("tenant_id", "created_at", "id");
CREATE TABLE "drifthook_message_bodies" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "data" BLOB NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE TABLE "drifthook_deliveries" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "lane" TEXT NOT NULL,
  "due_at" INTEGER,
  "lease_until" INTEGER,
  "fence" INTEGER NOT NULL,
  "claims" INTEGER NOT NULL,
  "subscription_id" TEXT NOT NULL,
  "message_id" TEXT NOT NULL,
  "event" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "failure_reason" TEXT,
  "http_status_code" INTEGER,
  "attempt_count" INTEGER NOT NULL,
  "attempts_before" INTEGER NOT NULL,
  "manual" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "queued_at" INTEGER NOT NULL,
  "completed_at" INTEGER,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE UNIQUE INDEX "drifthook_deliveries_once" ON "drifthook_deliveries" ("tenant_id", "message_id", "subscription_id");
CREATE INDEX "drifthook_deliveries_created" ON "drifthook_deliveries" ("tenant_id", "created_at", "id");
CREATE INDEX "drifthook_deliveries_subscription" ON "drifthook_deliveries" ("tenant_id", "subscription_id", "created_at", "id");
CREATE INDEX "drifthook_deliveries_status" ON "drifthook_deliveries" ("tenant_id", "subscription_id", "status", "created_at", "id");
CREATE INDEX "drifthook_deliveries_work_lane" ON "drifthook_deliveries" ("tenant_id", "lane", "due_at", "id") WHERE "due_at" IS NOT NULL;
CREATE INDEX "drifthook_deliveries_work_due" ON "drifthook_deliveries" ("due_at", "tenant_id", "lane") WHERE "due_at" IS NOT NULL;
CREATE INDEX "drifthook_deliveries_work_lease" ON "drifthook_deliveries" ("tenant_id", "lane", "lease_until") WHERE "lease_until" IS NOT NULL;
CREATE TABLE "drifthook_delivery_bodies" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "content_type" TEXT NOT NULL,
  "body" BLOB NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE TABLE "drifthook_attempts" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "delivery_id" TEXT NOT NULL,
  "subscription_id" TEXT NOT NULL,
  "number" INTEGER NOT NULL,
  "manual" INTEGER NOT NULL,
  "started_at" INTEGER NOT NULL,
  "duration_ms" INTEGER NOT NULL,
  "succeeded" INTEGER NOT NULL,
  "response_status" INTEGER,
  "error_class" TEXT,
  "error" TEXT,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE INDEX "drifthook_attempts_delivery" ON "drifthook_attempts" ("tenant_id", "delivery_id", "number", "id");
CREATE INDEX "drifthook_attempts_subscription" ON "drifthook_attempts" ("tenant_id", "subscription_id", "started_at", "id");
CREATE TABLE "drifthook_attempt_details" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "url" TEXT NOT NULL,
  "timings" TEXT NOT NULL,
  "request_headers" TEXT NOT NULL,
  "response_headers" TEXT NOT NULL,
  "response_body" BLOB,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE TABLE "drifthook_jobs" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "lane" TEXT NOT NULL,
  "due_at" INTEGER,
  "lease_until" INTEGER,
  "fence" INTEGER NOT NULL,
  "claims" INTEGER NOT NULL,
  "kind" TEXT NOT NULL,
  "target" TEXT,
  "input" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "progress" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "failure_reason" TEXT,
  "created_by" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "updated_at" INTEGER NOT NULL,
  "completed_at" INTEGER,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE INDEX "drifthook_jobs_created" ON "drifthook_jobs" ("tenant_id", "created_at", "id");
CREATE INDEX "drifthook_jobs_target" ON "drifthook_jobs" ("tenant_id", "target", "created_at", "id");
CREATE INDEX "drifthook_jobs_work_lane" ON "drifthook_jobs" ("tenant_id", "lane", "due_at", "id") WHERE "due_at" IS NOT NULL;
CREATE INDEX "drifthook_jobs_work_due" ON "drifthook_jobs" ("due_at", "tenant_id", "lane") WHERE "due_at" IS NOT NULL;
CREATE INDEX "drifthook_jobs_work_lease" ON "drifthook_jobs" ("tenant_id", "lane", "lease_until") WHERE "lease_until" IS NOT NULL;
CREATE TABLE "drifthook_quotas" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "used" INTEGER NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE TABLE "drifthook_idempotency_keys" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "request_hash" TEXT NOT NULL,
  "result_id" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE INDEX "drifthook_idempotency_keys_created" ON "drifthook_idempotency_keys" ("tenant_id", "created_at", "id");
CREATE TABLE "drifthook_audit_entries" (
  "tenant_id" TEXT NOT NULL,
  "id" TEXT NOT NULL,
  "actor" TEXT NOT NULL,
  "action" TEXT NOT NULL,
  "target" TEXT,
  "detail" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  PRIMARY KEY ("tenant_id", "id")
) STRICT;
CREATE INDEX "drifthook_audit_entries_created" ON "drifthook_audit_entries" ("tenant_id", "created_at", "id");
CREATE TABLE "drifthook_counters" (
  "name" TEXT NOT NULL PRIMARY KEY,
  "used" INTEGER NOT NULL
) STRICT;
`
