const { createDrifthook } = require('drifthook')
const { verify } = require('drifthook/signing')
const { receiver } = require('drifthook/testkit')
const express = require('express')
const { scenario } = require('../scenario.cjs')

scenario({ express, createDrifthook, receiver, verify }).catch((error) => {
  console.error(error)
  process.exitCode = 1
})
