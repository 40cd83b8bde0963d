/** Which channels there may be, and which of them a URL means. */
import { describe, expect, it } from 'vitest'
import { isDrifthookError } from '../../../../src/errors.js'
import { type Channel, defineChannel } from '../../../../src/services/channels/channel.js'
import { builtInChannels, channelOfUrl } from '../../../../src/services/channels/index.js'

const render = () => ({ contentType: 'text/plain', body: Buffer.from('x') })
const send = async () => {}

describe('a channel of the host', () => {
  it.each<Channel>([
    { name: 'email', send },
    { name: 'pager-2', render, minIntervalMs: 0, refusal: () => null },
    { name: 'x'.repeat(32), render, judge: () => null },
  ])('may be $name', (channel) => expect(defineChannel(channel)).toBe(channel))

  it('keeps what it closes over', async () => {
    class Mail implements Channel {
      name = 'mail'
      sent = 0
      async send() {
        this.sent += 1
      }
    }
    const mail = new Mail()
    const message = {
      type: 'ping',
      createdAt: '',
      messageId: '',
      deliveryId: '',
      webhookId: '',
      webhookName: '',
      data: 1,
    }
    await defineChannel(mail).send?.(message, {
      target: 'a',
      secrets: [],
      signal: new AbortController().signal,
    })
    expect(mail.sent).toBe(1)
  })

  it.each([
    ['has an empty name', { name: '', send }],
    ['has a name in capitals', { name: 'Email', send }],
    ['has a long name', { name: 'x'.repeat(33), send }],
    ['has no name', { send }],
    ['takes the name webhook', { name: 'webhook', send }],
    ['takes the name slack', { name: 'slack', render }],
    ['takes the name teams', { name: 'teams', render }],
    ['neither renders nor sends', { name: 'email' }],
    ['renders and sends', { name: 'email', render, send }],
    ['sends and judges', { name: 'email', send, judge: () => null }],
    ['has no function to send with', { name: 'email', send: 'smtp://mail.test' }],
    ['has no function to refuse with', { name: 'email', send, refusal: /x/ }],
    ['has an interval below 0', { name: 'email', send, minIntervalMs: -1 }],
    ['has an interval that is no whole number', { name: 'email', send, minIntervalMs: 0.5 }],
  ])('is refused if it %s', (_, channel) => {
    let error: unknown
    try {
      defineChannel(channel as unknown as Channel)
    } catch (thrown) {
      error = thrown
    }
    expect(isDrifthookError(error) && error.code).toBe('OPTION_INVALID')
  })
})

it('brings Slack and Teams', () => {
  expect(builtInChannels.map(({ name }) => name)).toEqual(['slack', 'teams'])
})

describe('a URL', () => {
  it.each([
    ['https://hooks.slack.com/services/T0/B0/x', 'slack'],
    ['https://HOOKS.Slack.com:443/services/T0/B0/x?a=1', 'slack'],
    ['https://hooks.slack-gov.com/services/T0/B0/x', 'slack'],
    ['https://acme.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4', 'teams'],
    [
      'https://prod-23.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=x',
      'teams',
    ],
    ['https://default1.2f.environment.api.powerplatform.com/powerautomate/automations/direct/x', 'teams'],
    ['https://acme.example/hook', 'webhook'],
    ['https://slack.com/api/chat.postMessage', 'webhook'],
    ['https://hooks.slack.com.evil.example/services/T0/B0/x', 'webhook'],
    ['https://evil-hooks.slack.com/services/T0/B0/x', 'webhook'],
    ['https://xhooks.slack.com/services', 'webhook'],
    ['https://hooks.slack.com@evil.example/services', 'webhook'],
    ['https://evil.example/hooks.slack.com/services', 'webhook'],
    ['https://evil.example/?https://hooks.slack.com/', 'webhook'],
    ['https://evil.example#@hooks.slack.com/', 'webhook'],
    ['https://hооks.slack.com/services', 'webhook'], // Cyrillic letters
    ['https://acme.webhook.office.com.evil.example/', 'webhook'],
    ['https://evilwebhook.office.com/', 'webhook'],
    ['https://xlogic.azure.com/workflows/1', 'webhook'],
    ['mailto:ops@hooks.slack.com', 'webhook'],
    ['hooks.slack.com', 'webhook'],
    ['', 'webhook'],
  ])('%s means %s', (url, channel) => expect(channelOfUrl(url)).toBe(channel))
})
