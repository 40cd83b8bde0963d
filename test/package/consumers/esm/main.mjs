import { createDrifthook } from 'drifthook'
import { verify } from 'drifthook/signing'
import { receiver } from 'drifthook/testkit'
import express from 'express'
import { scenario } from '../scenario.cjs'

await scenario({ express, createDrifthook, receiver, verify })
