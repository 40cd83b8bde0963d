/** `drifthook/diff`: from the bytes of a file to what drifted. Pure: no I/O, no state, usable on its own. */
export { type Column, type Columns, type ColumnType, columnTypes, fromColumns, toColumns } from './columns.js'
export { type CompareOptions, compare } from './compare.js'
export { type Documents, type ReadOptions, readDocuments } from './delta/documents.js'
export { type DeltaHtmlOptions, deltaHtml } from './delta/html.js'
export type {
  Delta,
  DeltaChange,
  DeltaLimits,
  DeltaSummary,
  JsonObject,
  JsonScalar,
  JsonValue,
  KeyUse,
} from './delta/model.js'
export { type JsonPatchOperation, toJsonPatch } from './delta/patch.js'
export { type DeltaOptions, delta } from './delta.js'
export { type CustomFormat, defineFormat } from './formats/custom.js'
export { type DetectedFormat, detectFormat } from './formats/detect.js'
export { builtInFormats, type Detection, type Format } from './formats/registry.js'
export { learn } from './learn.js'
export { type DiffLimits, defaultLimits } from './limits.js'
export {
  type Finding,
  type JsonType,
  mergeProfiles,
  type NumberFacts,
  type PathProfile,
  type Profile,
  type Range,
  type TextFacts,
} from './profile.js'
export { type ProfileFileOptions, profile } from './profile-file.js'
export { type Accepted, type AcceptOptions, applyProposals } from './proposal-apply.js'
export { renderHtml } from './render/html.js'
export { type RenderFormat, render, renderFormats } from './render/index.js'
export { renderJunit } from './render/junit.js'
export { renderMarkdown } from './render/markdown.js'
export { renderSarif, type SarifLog } from './render/sarif.js'
export type { RenderOptions } from './render/shared.js'
export { renderSlack, type SlackMessage } from './render/slack.js'
export { renderTeams, type TeamsMessage } from './render/teams.js'
export { renderText } from './render/text.js'
export type * from './report.js'
export { aspects, changeKinds, impacts } from './report.js'
export { reportSchema } from './report-schema.js'
export { toSchema } from './schema.js'
