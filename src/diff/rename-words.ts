/**
 * Words of column names and keys: how businesses shorten them, which say little, which contradict. General
 * words only: every entry is one a reader of any trade knows.
 */

/** One line for each word: the word, then its other spellings. A phrase is written with `+`. */
const spellings = `
account acct acc
address addr adr addrs
amount amt
approximate approx
average avg mean
balance bal
bill billing billed
building bldg
category cat ctgry
city town
code cd
comment cmt remark note
company comp
contact cntct
count cnt
country ctry cntry
county cnty
currency curr ccy cur
customer cust client clnt
date dt
date+of+birth dob birthdate birthday
day dy
delivery dlvry deliv delvry
department dept dpt
description desc descr dsc descrip
destination dest
discount disc
document doc
email e+mail mail
employee emp empl
end finish stop
error err
estimated est
expiry exp expiration expires
extension ext
first fst 1st
gender sex
group grp
height hgt
identifier id ident
image img picture
indicator ind
information info
invoice inv
item itm
language lang
last lst
latitude lat
length len
level lvl
location loc
longitude lon lng long
manager mgr
manufacturer mfr manuf mfg
maximum max
message msg
middle mid
minimum min
month mth mnth
name nm nam
number no nr nbr num nmbr numero
object obj
order ord ordr
organization org organisation
original orig
package pkg
parent par
payment pmt pymt paymt
percent pct perc percentage
phone tel telephone ph
population pop
position pos
postal+code zip zipcode postcode plz
previous prev
price prc
product prod prd
province prov
purchase+order po
quantity qty qnty quant
reference ref
region rgn reg
request req
response resp
sequence seq
serial ser
ship shipping shipped shipment shpmt shipmt
source src
standard std
start begin
state st
statistic stat
status sts
street str
subject subj
supplier supp vendor vend vndr
surname last+name family+name
temperature temp
timestamp ts
total tot ttl
transaction txn trans tran trx
type typ
unit+of+measure uom
unit un
update updt upd
user usr
value val
version ver vers
volume vol
warehouse wh whse
weight wgt wt
width wdth
year yr
`

/** Words that many names have: alike in them is hardly alike. */
const generic = `identifier key code name number type value date time status description text flag count
  amount total reference index label title data info information list item`

/** Words between words. */
const joining = 'of the a an and in on at by for to de da do du des la le und von der per is has'

/** Words that name two different things in the same place. */
const opposites = `first last|start end|from to|minimum maximum|ship bill|gross net|
  old new|male female|debit credit|latitude longitude|latitude altitude|longitude altitude|source destination|sender receiver|buyer seller|
  parent child|current previous|previous next|created update|created deleted|opened closed|import export|
  origin destination|open close|high low|width height|length width|length height|lower upper|inbound outbound|
  departure arrival|pickup delivery|customer supplier|left right|before after|input output|income expense`

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '')

const canonical = new Map<string, string[]>()
for (const line of spellings.trim().split('\n')) {
  const [word, ...others] = words(line)
  const phrase = word!.split('+')
  for (const spelling of [word!, ...others]) {
    if (!spelling.includes('+')) canonical.set(spelling, phrase)
  }
}
for (const word of [...words(generic), ...words(opposites.replaceAll('|', ' '))]) {
  if (!canonical.has(word)) canonical.set(word, [word])
}

const genericWords = new Set(words(generic))
const joiningWords = new Set(words(joining))
const opposed = new Map<string, Set<string>>()
for (const pair of opposites.split('|')) {
  const [a, b] = words(pair)
  for (const [one, other] of [
    [a!, b!],
    [b!, a!],
  ] as const) {
    opposed.set(one, (opposed.get(one) ?? new Set()).add(other))
  }
}

/** The word or phrase that a word is a spelling of, itself if it is not known. Plurals are their singular. */
export function canonicalWords(word: string): string[] {
  const known = canonical.get(word)
  if (known) return known
  const single = singular(word)
  return canonical.get(single) ?? [single]
}

export const isKnownWord = (word: string): boolean => canonical.has(word)
export const isGeneric = (word: string): boolean => genericWords.has(word)
export const isJoining = (word: string): boolean => joiningWords.has(word)
export const areOpposites = (a: string, b: string): boolean => opposed.get(a)?.has(b) ?? false

function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s') || /(ss|us|is)$/.test(word)) return word
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  return word.slice(0, /(ss|x|ch|sh)es$/.test(word) ? -2 : -1)
}
