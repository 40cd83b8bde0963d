const { createDrifthook } = require('drifthook')
const { verify } = require('drifthook/signing')
const { receiver } = require('drifthook/testkit')
const express = require('express')
const request = require('supertest')
const { scenario } = require('../scenario.cjs')

test('a host is tested with jest', async () => {
  await scenario({ express, createDrifthook, receiver, verify })
})

test('and with supertest, without a server or a start of its own', async () => {
  const drifthook = createDrifthook({
    authenticate: () => ({ tenantId: 'acme', actor: 'test', permissions: ['*'] }),
  })
  const app = express().use('/drift', drifthook.router)
  await request(app)
    .post('/drift/api/v1/contracts')
    .send({ name: 'orders', sample: { id: 1 } })
    .expect(201)
  const list = await request(app).get('/drift/api/v1/contracts').expect(200)
  expect(list.body.items.map((contract) => contract.name)).toEqual(['orders'])
  await drifthook.stop()
})
