// A channel of the host's own: drifthook says what happened, the host's mailer tells it.
import { defineChannel } from 'drifthook'

/** @param {import('./mailer.js').Mailer} mailer */
export const emailChannel = (mailer) =>
  defineChannel({
    name: 'email',

    // Subscribers choose the target. Without this they could have us mail anybody.
    refusal: (target) =>
      /^mailto:[\w.+-]+@acme\.example$/.test(target) ? null : 'must be a mailto: address at acme.example',

    async send(message, { target }) {
      try {
        await mailer.sendMail({
          to: target.slice('mailto:'.length),
          subject: subjectOf(message),
          text: textOf(message),
          // The same for every attempt: a mail that was sent twice is shown once.
          messageId: `<${message.deliveryId}@acme.example>`,
        })
      } catch (error) {
        // A 5yz reply is final (RFC 5321 §4.2.1). Whatever is thrown is tried again later.
        if (/** @type {any} */ (error).responseCode >= 500) {
          return { status: 'failed', permanent: true, message: 'the mail server refused the mail' }
        }
        throw error
      }
    },
  })

/** @param {import('drifthook').ChannelMessage} message */
function subjectOf({ type, data }) {
  const { contract_name } = /** @type {any} */ (data ?? {})
  return oneLine(contract_name ? `${type}: ${contract_name}` : type)
}

/** @param {import('drifthook').ChannelMessage} message */
function textOf({ data, createdAt }) {
  const { file_name, changes = [], changes_total, event_url } = /** @type {any} */ (data ?? {})
  const lines = [`At ${createdAt}`]
  if (file_name) lines.push(`File ${oneLine(file_name)}`)
  for (const { impact, kind, path, to_path, from, to } of changes) {
    const where = to_path === undefined ? path : `${path} -> ${to_path}`
    lines.push(oneLine(`${impact}: ${kind} ${where} (${from ?? 'nothing'} -> ${to ?? 'nothing'})`))
  }
  if (changes_total > changes.length) lines.push(`and ${changes_total - changes.length} more`)
  if (event_url) lines.push(event_url)
  return `${lines.join('\n')}\n`
}

// Names come from the partner's file: none may begin a line, or a header, of its own.
/** @param {string} text */
const oneLine = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
