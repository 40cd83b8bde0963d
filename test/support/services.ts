/**
 * Real servers for tests. Each call finds one that runs or starts one, and gives the caller a name of its own
 * on it, so that suites running side by side do not meet. Without a server the call rejects: a suite that
 * silently skips would look like one that passed.
 */
export { type PostgresWay, postgres, type TestPostgres } from './postgres.js'
export { type RedisWay, redis, type TestRedis } from './redis.js'
