/** `drifthook/signing`: sign and verify webhooks. Pure; loads without Express. */

export type { HeadersLike } from './headers.js'
export { newSecret, secretKey, secretPrefix } from './secret.js'
export { type StandardHeaders, type StandardMessage, signStandard } from './standard.js'
export { type VerifyFailure, type VerifyOptions, type VerifyResult, verify } from './verify.js'
