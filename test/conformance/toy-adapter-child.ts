/** The same under node:test. */
import test from 'node:test'
import { certify } from '../../examples/toy-adapter/certify.js'

certify(test, test.skip)
