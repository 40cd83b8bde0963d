import { describe, expect, it } from 'vitest'
import {
  compoundLikeness,
  editDistance,
  nameReader,
  nameTokens,
  nameWeight,
  normaliseName,
  wordLikeness,
} from '../../../src/diff/rename-name.js'

/** Two names among some others, so that what is common among siblings counts. */
function weightOf(
  a: string,
  b: string,
  siblings: readonly string[] = ['x1', 'y', 'z', 'u', 'v', 'w'],
): number {
  const read = nameReader([
    [a, ...siblings],
    [b, ...siblings],
  ])
  return nameWeight(read(a), read(b))
}

const pairs = (text: string) =>
  text
    .trim()
    .split(/[|\n]/)
    .map((pair) => pair.trim().split(' ') as [string, string])

const same = pairs(`
  PO PurchaseOrder|purchase_order_no po_number|qty quantity|order_qty OrderQuantity|cust_nm customerName
  addr1 address1|addr_line_1 addressLine1|inv_dt invoiceDate|dob date_of_birth|uom unitOfMeasure
  zip postal_code|postcode postalCode|desc description|amt_due amountDue|tel phone|shipto_addr ship_to_address
  vendor_id supplierId|emp_no employeeNumber|dept department|firstname first_name|fname first_name
  lname last_name|eta estimated_time_of_arrival|expiry_date expirationDate|created created_at
  ord_id orderIdentifier|prod_desc productDescription|acct_bal account_balance|txn_ts transactionTimestamp
  img_url imageUrl|wt_kg weight_kg|lat latitude|lng longitude|mfr manufacturer|orders order
  addresses address|recieved_at received_at|ship_date shipment_date|shipped_date ship_date
  username user_name|ssn social_security_number|pct_complete percent_complete|is_active active
  max_temp maximum_temperature|dlvry_dt delivery_date|date_ordered order_date|country_cd country_code
  invoice_no invoiceNumber|notes comment|line_no line_number|addr_01 addr_1|item_price price
`)

const different = pairs(`
  first_name last_name|ship_city bill_city|address1 address2|start_date end_date|unit_price unit_cost
  min_qty max_qty|created_at updated_at|order_id order_date|customer_id customer_name
  doses_0_17 doses_12_17|population_2019 population_2020|id parent_id|latitude longitude
  net_amount gross_amount|width height|home_phone work_phone|price_currency price_amount
  quantity quality|country county|count country|state status|from_date to_date|male female
  name id|city zip|tax_rate tax_amount|is_active is_deleted|email phone|source target
  sender gender|company_name contact_name|origin_port destination_port|line_1 line_2
  product_code product_type|shipping_address billing_address|user_email user_role|old_value new_value
  per person|date data|statement state|h1 h2|north_region south_region|customer_name name_of_ship
  item_no item_note|invoice_date due_date|buyer seller|opening_balance closing_balance|latitude altitude
`)

describe('two names', () => {
  it.each(same)('%s is likely %s', (a, b) => {
    expect(weightOf(a, b)).toBeGreaterThan(3)
  })

  it.each(different)('%s is hardly %s', (a, b) => {
    expect(weightOf(a, b)).toBeLessThan(0)
  })

  it.each([...same, ...different])('%s and %s weigh the same in either direction', (a, b) => {
    expect(weightOf(a, b)).toBeCloseTo(weightOf(b, a), 10)
  })

  it('say the more, the rarer their words are among their siblings', () => {
    const doses = ['doses_a', 'doses_b', 'doses_c', 'doses_d', 'doses_e']
    expect(weightOf('total_doses', 'doses', doses)).toBeLessThan(weightOf('total_doses', 'doses'))
  })

  it('say less when only a general word is shared', () => {
    expect(weightOf('id', 'customer_id')).toBeLessThan(weightOf('customer', 'customer_id'))
  })
})

describe('words of a name', () => {
  it.each([
    ['customerName', ['customer', 'name']],
    ['XMLHttpRequest', ['xml', 'http', 'request']],
    ['Ship-To City', ['ship', 'to', 'city']],
    ['\ufeffGlobal Code', ['global', 'code']],
    ['größeCm', ['größe', 'cm']],
    ['', []],
  ])('%s', (name, words) => {
    expect(nameTokens(name)).toEqual(words)
  })

  it('normalised, numbers stay apart', () => {
    expect(normaliseName('Customer Name')).toBe(normaliseName('customerName'))
    expect(normaliseName('address_1')).toBe(normaliseName('address1'))
    expect(normaliseName('doses_1_2')).not.toBe(normaliseName('doses_12'))
  })
})

describe('one word for another', () => {
  it.each([
    ['shortened', 'cont', 'continent', 0.8],
    ['without vowels', 'cntnr', 'container', 0.8],
    ['mistyped', 'femenino', 'feminino', 0.6],
    ['one of many', 'container', 'containers', 0.8],
  ])('%s', (_, a, b, least) => {
    expect(wordLikeness(a, b)).toBeGreaterThan(least)
  })

  it.each([
    ['a word of its own', 'state', 'statement'],
    ['too short', 'to', 'total'],
    ['numbers', '100', '1000'],
    ['another beginning', 'attitude', 'latitude'],
  ])('not when %s', (_, a, b) => {
    expect(wordLikeness(a, b)).toBe(0)
  })

  it('for a phrase', () => {
    expect(compoundLikeness('po', ['purchase', 'order'])).toBe(0.75)
    expect(compoundLikeness('eta', ['estimated', 'time', 'of', 'arrival'])).toBe(0.85)
    expect(compoundLikeness('postcode', ['postal', 'code'])).toBe(0.9)
    expect(compoundLikeness('po', ['order', 'purchase'])).toBe(0)
    expect(compoundLikeness('order', ['order'])).toBe(0)
  })

  it('by edits', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3)
    expect(editDistance('recieved', 'received')).toBe(1)
    expect(editDistance('', 'abc')).toBe(3)
  })
})
