/** `drifthook/signing`: sign and verify webhooks. Pure; loads without Express. */

export type { HeadersLike } from './headers.js'
export type { HeaderPart, SignatureHeaders } from './scheme.js'
export { type SignatureScheme, signatureHeaders, signatureSchemes } from './schemes.js'
export { newSecret, secretKey, secretPrefix } from './secret.js'
export { type SignOptions, sign, signStandard } from './sign.js'
export { type VerifyFailure, type VerifyOptions, type VerifyResult, verify } from './verify.js'
