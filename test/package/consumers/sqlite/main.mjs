import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDrifthook } from 'drifthook'
import { verify } from 'drifthook/signing'
import { sqliteStorage } from 'drifthook/sqlite'
import { receiver } from 'drifthook/testkit'
import express from 'express'
import { scenario } from '../scenario.cjs'

const directory = await mkdtemp(join(tmpdir(), 'drifthook-sqlite-'))
try {
  const storage = sqliteStorage({ filename: join(directory, 'drifthook.db') })
  await scenario({
    express,
    createDrifthook,
    receiver,
    verify,
    options: { storage, secretKey: Buffer.alloc(32, 7) },
  })
} finally {
  await rm(directory, { recursive: true })
}
