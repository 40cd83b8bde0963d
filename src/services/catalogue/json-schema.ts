/** The JSON Schemas of the host's catalogue. ajv turns them into code, so it is given the host's own only. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { FieldError } from '../../errors.js'

/** A JSON Schema 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What of a value, given as JSON, breaks the schema; `root` is what the paths start with. Tells no value. */
export type SchemaCheck = (json: Uint8Array, root: string) => FieldError[]

/** So many faults are told, and so many characters of where each is. */
const maxFaults = 20
const maxPathLength = 200
/** A schema of alternatives finds many faults in each item; only in a value this small are all looked for. */
const thoroughBytes = 8 * 1024

/** @returns what compiles one schema after the other; it throws ajv's error for one that is not valid */
export function schemaCompiler(): (schema: JsonSchema) => SchemaCheck {
  // Misspelt keywords are refused. The other strict modes are matters of style.
  const options = { strictTypes: false, strictTuples: false, logger: false } as const
  const quick = new Ajv2020(options)
  const thorough = new Ajv2020({ ...options, allErrors: true, validateSchema: false })
  addFormats(quick)
  addFormats(thorough)

  const compile = (ajv: Ajv2020, schema: JsonSchema) => {
    for (const keyword of extensions(schema)) {
      if (ajv.getKeyword(keyword) === false) ajv.addKeyword({ keyword })
    }
    try {
      return ajv.compile(schema)
    } finally {
      // Types share neither ids nor references: two may use one schema.
      ajv.removeSchema()
    }
  }
  return (schema) => {
    const [first, all] = [compile(quick, schema), compile(thorough, schema)]
    return (json, root) => {
      const value: unknown = JSON.parse(Buffer.from(json).toString())
      const faults = errorsOf(json.byteLength <= thoroughBytes ? all : first, value)
      return faults.slice(0, maxFaults).map((error) => fieldError(error, value, root))
    }
  }
}

/** Names in `x-` are nobody's keywords, and so nobody's misspelt ones. */
const extensions = (schema: JsonSchema): Set<string> =>
  new Set([...JSON.stringify(schema).matchAll(/"(x-[\w-]+)":/g)].map(([, name = '']) => name))

type Fault = Pick<ErrorObject, 'keyword' | 'instancePath' | 'params' | 'message'>

function errorsOf(validate: ValidateFunction, value: unknown): Fault[] {
  try {
    return validate(value) ? [] : (validate.errors ?? [])
  } catch (error) {
    // A schema that refers to itself is followed as deep as the value goes.
    if (!(error instanceof RangeError)) throw error
    return [{ keyword: 'maxDepth', instancePath: '', params: {}, message: 'is nested too deeply' }]
  }
}

/** ajv's keyword as the code that the other checks of a request use. */
const codes: Record<string, string> = {
  type: 'invalid_type',
  enum: 'invalid_value',
  const: 'invalid_value',
  format: 'invalid_format',
  pattern: 'invalid_format',
  minimum: 'too_small',
  exclusiveMinimum: 'too_small',
  minLength: 'too_small',
  minItems: 'too_small',
  minProperties: 'too_small',
  maximum: 'too_big',
  exclusiveMaximum: 'too_big',
  maxLength: 'too_big',
  maxItems: 'too_big',
  maxProperties: 'too_big',
  maxDepth: 'too_big',
}

function fieldError({ keyword, instancePath, params, message }: Fault, value: unknown, root: string) {
  const path = pathText(instancePath, value, root)
  const { missingProperty: missing, additionalProperty, unevaluatedProperty } = params
  const unknown = additionalProperty ?? unevaluatedProperty
  if (missing !== undefined) return fault(`${path}.${missing}`, 'required', 'is required')
  if (unknown !== undefined) return fault(`${path}.${unknown}`, 'unknown_field', 'no such field')
  return fault(path, codes[keyword] ?? 'invalid', message ?? 'is not valid')
}

const fault = (path: string, code: string, message: string): FieldError => ({
  path: path.slice(0, maxPathLength),
  code,
  message,
})

/** A JSON Pointer in the spelling of every other path: dots for members, `[n]` for items. */
function pathText(pointer: string, value: unknown, root: string): string {
  let [path, at] = [root, value]
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~')
    path += Array.isArray(at) ? `[${name}]` : `.${name}`
    at = (at as Record<string, unknown>)[name]
  }
  return path
}
