/**
 * The longest common subsequence of two short lists, by jsondiffpatch. It only ever sees numbers that stand
 * for items, never the items: its table grows with the product of the lengths, and what it makes of objects
 * is not needed. It is bundled, being ESM only; hence its notice, which stays in what is built:
 */
/*! jsondiffpatch, https://github.com/benjamine/jsondiffpatch

The MIT License

Copyright (c) 2014 Benjamín Eidelman twitter.com/beneidel

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE. */
import { DiffPatcher } from 'jsondiffpatch'

/**
 * For each of `a` the index of its partner in `b`, or -1. Equal items outside of the common subsequence are
 * partners too: they have moved.
 */
export function matchShort(a: readonly number[], b: readonly number[]): Int32Array {
  const changes = new DiffPatcher().diff(a, b) ?? {}
  const match = new Int32Array(a.length).fill(-1)
  const added = new Set<number>()
  const gone = new Set<number>()
  for (const [at, change] of Object.entries(changes)) {
    if (at === '_t') continue
    if (!at.startsWith('_')) {
      added.add(Number(at))
      continue
    }
    const index = Number(at.slice(1))
    gone.add(index)
    const [, to, kind] = change as [unknown, number, number]
    if (kind !== moved) continue
    match[index] = to
    added.add(to)
  }
  // What is left on both sides is the common subsequence, in order.
  for (let i = 0, j = 0; i < a.length; i++) {
    if (gone.has(i)) continue
    while (added.has(j)) j++
    match[i] = j++
  }
  return match
}

/** How jsondiffpatch marks `['', to, 3]`: an item that is elsewhere now. */
const moved = 3
