import { describe, expect, it } from 'vitest'
import {
  interchange,
  pathsOf,
  pathsOfSet,
  profileX12,
  type TransactionSet,
  valuePaths,
} from './fixtures/x12.js'

const five = { interchange: '00501', eleventh: '^', component: ':', version: '005010X279A1' }
const pathsOf5 = (set: TransactionSet) => valuePaths(profileX12(interchange([set], five)).root)

describe('qualifiers are part of the path', () => {
  it.each([
    ['REF*DP*038', '850.REF[DP].REF02'],
    ['N1*ST*NAME', '850.N1[ST].N102'],
    ['DTM*002*20240301', '850.DTM[002].DTM02'],
    ['DTP*472*D8*20240301', '850.DTP[472].DTP02 850.DTP[472].DTP03'],
    ['NM1*85*2*CLINIC', '850.NM1[85].NM102 850.NM1[85].NM103'],
    ['AMT*TT*12.5', '850.AMT[TT].AMT02'],
    ['QTY*21*7*EA', '850.QTY[21].QTY02 850.QTY[21].QTY03.1'],
    ['HL*1**S*1', '850.HL[S].HL04'],
    ['L11*77*BM', '850.L11[BM].L1101'],
    ['G62*10*20240301', '850.G62[10].G6202'],
    ['N9*L1*x', '850.N9[L1].N902'],
    ['CUR*BY*USD', '850.CUR[BY].CUR02'],
    ['PER*BD*JO*TE*5551*EM*a', '850.PER[BD].PER02 850.PER[BD].(TE) 850.PER[BD].(EM)'],
    [
      'PO1*1*5*EA***UP*1*BP*2',
      '850.PO1[].PO101 850.PO1[].PO102 850.PO1[].PO103 850.PO1[].(UP) 850.PO1[].(BP)',
    ],
    ['LIN**VP*8*UP*9', '850.LIN[].(VP) 850.LIN[].(UP)'],
    ['FOB*CC', '850.FOB.FOB01'],
    ['REF**038', '850.REF[?].REF02'],
    ['REF*a long text*038', '850.REF[?].REF02'],
    ['LIN***8', '850.LIN[].(?)'],
    ['SDQ*EA*92*0001*5*0002*6', '850.SDQ[].SDQ01 850.SDQ[].SDQ02 850.SDQ[].SDQ03 850.SDQ[].SDQ04'],
  ])('%s', (segment, paths) => {
    expect(pathsOf(segment)).toEqual(paths.split(' '))
  })

  it('pairs are known by their code, wherever they stand', () => {
    expect(pathsOf('PO1******UP*1*BP*2').sort()).toEqual(pathsOf('PO1******BP*2*UP*1').sort())
  })
})

describe('elements', () => {
  it('without content are absent, whether a separator shows it or not', () => {
    expect(pathsOf('REF*DP*038')).toEqual(pathsOf('REF*DP*038***'))
    expect(pathsOf('FOB**PP')).toEqual(['850.FOB.FOB02'])
  })

  it('are typed by how they read; a decimal point that is left out is no other type', () => {
    const { root } = profileX12(
      interchange([['850', 'FOB*10*0715*9.25*-3*WORD*    *2', 'FOB*10.5*1715*9*-3.25*TWO*x*3']]),
    )
    const { children } = root.children.get('850')!.children.get('FOB')!
    const typesOf = (name: string) => Object.entries(children.get(name)!.types).filter(([, n]) => n > 0)
    expect(typesOf('FOB01')).toEqual([['number', 2]])
    expect(typesOf('FOB02')).toEqual([
      ['number', 1],
      ['string', 1],
    ])
    expect(typesOf('FOB04')).toEqual([['number', 2]])
    expect(typesOf('FOB05')).toEqual([['string', 2]])
    expect(children.get('FOB06')!.blank).toBe(1)
    expect(children.get('FOB01')!.number).toMatchObject({ integral: 1, scale: 1 })
  })

  it('are composite where a component separator is, or always is', () => {
    expect(pathsOf('SV1*HC>99213>25*100')).toEqual([
      '850.SV1.SV101.1',
      '850.SV1.SV101.2',
      '850.SV1.SV101.3',
      '850.SV1.SV102',
    ])
    expect(pathsOf('SV1*HC')).toEqual(['850.SV1.SV101.1'])
    expect(pathsOf('ABC*x>y')).toEqual(['850.ABC.ABC01.1', '850.ABC.ABC01.2'])
    expect(pathsOf('ABC*x>>y')).toEqual(['850.ABC.ABC01.1', '850.ABC.ABC01.3'])
  })

  it('of prose keep their punctuation', () => {
    expect(pathsOf('MSG*see > below')).toEqual(['850.MSG[].MSG01'])
  })

  it('repeat, where the interchange has a separator for that', () => {
    const set: TransactionSet = ['271', 'EB*1**30^42^45*MA']
    expect(pathsOf5(set)).toEqual(['271.EB[].EB01', '271.EB[].EB03', '271.EB[].EB04'])
    const element = (spelling: object) =>
      profileX12(interchange([set], spelling))
        .root.children.get('271')!
        .children.get('EB')!
        .items!.children.get('EB03')!
    expect(element(five)).toMatchObject({ seen: 1, times: 3, number: { count: 3 } })
    expect(element({})).toMatchObject({ seen: 1, times: 0, text: { count: 1 } })
  })

  it('that count, number or date the exchange are left out', () => {
    expect(pathsOf('BHT*0019*00*44*20240301*1215*CH', 'HL*1**20*1', 'HL*2*1*22*0', 'CTT*0*9')).toEqual([
      '850.BHT.BHT01',
      '850.BHT.BHT02',
      '850.BHT.BHT03',
      '850.BHT.BHT06',
      '850.HL[20].HL04',
      '850.HL[20].HL[22].HL04',
      '850.CTT.CTT02',
    ])
  })
})

describe('loops', () => {
  const under = (set: TransactionSet) => [
    ...new Set(pathsOfSet(set).map((path) => path.replace(/\.[^.]+$/, ''))),
  ]

  it('one line and many give the same paths', () => {
    const line = ['PO1*1*5*EA', 'PID*F****X']
    expect(pathsOf(...line)).toEqual(pathsOf(...line, ...line, ...line))
    const { length, items } = profileX12(interchange([['850', ...line, ...line]]))
      .root.children.get('850')!
      .children.get('PO1')!
    expect(length).toEqual({ min: 2, max: 2 })
    expect(items!.types.object).toBe(2)
  })

  it('N1 takes in what describes it, until something else comes', () => {
    expect(
      under([
        '850',
        'N1*ST*A',
        'N2*B',
        'N3*C',
        'N4*D',
        'PER*BD*E',
        'REF*DP*F',
        'N1*BT*G',
        'N4*H',
        'FOB*CC',
        'REF*DP*I',
      ]),
    ).toEqual([
      '850.N1[ST]',
      '850.N1[ST].N2',
      '850.N1[ST].N3',
      '850.N1[ST].N4',
      '850.N1[ST].PER[BD]',
      '850.N1[ST].REF[DP]',
      '850.N1[BT]',
      '850.N1[BT].N4',
      '850.FOB',
      '850.REF[DP]',
    ])
  })

  it('the summary of a set is not part of its last line', () => {
    expect(under(['850', 'PO1*1', 'N1*ST*A', 'CTT*1*2', 'AMT*TT*5'])).toEqual([
      '850.PO1[]',
      '850.PO1[].N1[ST]',
      '850.CTT',
      '850.AMT[TT]',
    ])
  })

  it('HL hangs below the level it names', () => {
    expect(
      under([
        '856',
        'BSN*00*1',
        'HL*1**S',
        'REF*BM*1',
        'HL*2*1*O',
        'PRF*1',
        'HL*3*2*I',
        'LIN**UP*1',
        'SN1**1*EA',
        'HL*4*2*I',
        'LIN**UP*1',
        'HL*5*1*O',
        'PRF*2',
        'CTT*5*1',
      ]),
    ).toEqual([
      '856.BSN',
      '856.HL[S].REF[BM]',
      '856.HL[S].HL[O].PRF',
      '856.HL[S].HL[O].HL[I].LIN[]',
      '856.HL[S].HL[O].HL[I].LIN[].SN1',
      '856.CTT',
    ])
  })

  it('HL ids belong to their transaction set', () => {
    const set: TransactionSet = ['856', 'HL*1**S', 'REF*BM*1', 'HL*2*1*O', 'PRF*1']
    const strayed: TransactionSet = ['856', 'HL*3*2*O', 'PRF*1']
    expect(valuePaths(profileX12(interchange([set, strayed])).root)).toEqual([
      '856.HL[S].REF[BM].REF02',
      '856.HL[S].HL[O].PRF.PRF01',
      '856.HL[O].PRF.PRF01',
    ])
  })

  it('claims: LX in CLM, other payers in CLM, the drug in LX', () => {
    const set: TransactionSet = [
      '837',
      'HL*1**20*1',
      'NM1*85*2*A',
      'N3*B',
      'HL*2*1*22*0',
      'SBR*P',
      'NM1*IL*1*C',
      'DMG*D8',
    ]
    expect(
      under([
        ...set,
        'CLM*1',
        'HI*BK>1',
        'SBR*S',
        'NM1*PR*2*D',
        'LX*1',
        'SV1*HC>1',
        'LIN**N4*1',
        'SVD*1',
        'CAS*CO*1',
        'LX*2',
        'SV1*HC>1',
      ]),
    ).toEqual([
      '837.HL[20]',
      '837.HL[20].NM1[85]',
      '837.HL[20].NM1[85].N3',
      '837.HL[20].HL[22]',
      '837.HL[20].HL[22].SBR[]',
      '837.HL[20].HL[22].NM1[IL]',
      '837.HL[20].HL[22].NM1[IL].DMG',
      '837.HL[20].HL[22].CLM[]',
      '837.HL[20].HL[22].CLM[].HI[].HI01',
      '837.HL[20].HL[22].CLM[].SBR[]',
      '837.HL[20].HL[22].CLM[].SBR[].NM1[PR]',
      '837.HL[20].HL[22].CLM[].LX[]',
      '837.HL[20].HL[22].CLM[].LX[].SV1.SV101',
      '837.HL[20].HL[22].CLM[].LX[].LIN[]',
      '837.HL[20].HL[22].CLM[].LX[].SVD[]',
      '837.HL[20].HL[22].CLM[].LX[].SVD[].CAS[CO]',
    ])
  })

  it('payments: SVC in CLP in LX, names are no loop there', () => {
    expect(
      under([
        '835',
        'LX*1',
        'CLP*1',
        'NM1*QC*1',
        'REF*EA*1',
        'SVC*HC>1*1',
        'DTM*472*1',
        'CLP*2',
        'LX*2',
        'CLP*3',
        'PLB*1',
      ]),
    ).toEqual([
      '835.LX[]',
      '835.LX[].CLP[]',
      '835.LX[].CLP[].NM1[QC]',
      '835.LX[].CLP[].REF[EA]',
      '835.LX[].CLP[].SVC[].SVC01',
      '835.LX[].CLP[].SVC[]',
      '835.LX[].CLP[].SVC[].DTM[472]',
      '835.PLB',
    ])
  })

  it('LS and LE enclose', () => {
    expect(
      under(['271', 'HL*1**22', 'EB*1', 'LS*2120', 'NM1*PR*2', 'N3*A', 'LE*2120', 'DTP*1*D8', 'EB*2']),
    ).toEqual([
      '271.HL[22].EB[]',
      '271.HL[22].EB[].LS[2120].NM1[PR]',
      '271.HL[22].EB[].LS[2120].NM1[PR].N3',
      '271.HL[22].EB[].DTP[1]',
    ])
  })

  it('acknowledgements: AK5 closes AK3, AK9 all', () => {
    expect(
      under([
        '997',
        'AK1*PO*1',
        'AK2*850*1',
        'AK3*N1*3',
        'AK4*1*1',
        'AK5*R',
        'AK2*850*2',
        'AK5*A',
        'AK9*P*2',
      ]),
    ).toEqual([
      '997.AK1',
      '997.AK2[]',
      '997.AK2[].AK3[]',
      '997.AK2[].AK3[].AK4[].AK401',
      '997.AK2[].AK3[].AK4[]',
      '997.AK2[].AK5',
      '997.AK9',
    ])
  })

  it('every transaction set is a part of its own, with its version', () => {
    const { root, dialect } = profileX12(
      interchange([
        ['850', 'BEG*00'],
        ['855', 'BAK*00'],
        ['850', 'BEG*01'],
      ]),
    )
    expect([...root.children.keys()]).toEqual(['850', '855'])
    expect(dialect).toEqual({ 'version 850': '004010', 'version 855': '004010' })
    expect(root.children.get('850')).toMatchObject({ seen: 1, types: { object: 2 } })
  })

  it('ST03 is the version before GS08; several are none', () => {
    const text = interchange([['837', 'BHT*0019']], { version: '005010' }).replace(
      /ST\*837\*\d+/,
      '$&*005010X222A1',
    )
    expect(profileX12(text).dialect).toEqual({ 'version 837': '005010X222A1' })
    const both = interchange([['850', 'BEG*00']]) + interchange([['850', 'BEG*00']], { version: '005010' })
    expect(profileX12(both).dialect).toEqual({ 'version 850': null })
  })

  it('an interchange that only acknowledges has no parts', () => {
    const text = interchange([]).replace('GS*', 'TA1*000000001*240301*1215*A*000~\nGS*')
    const { root, findings } = profileX12(text)
    expect(root.children.size).toBe(0)
    expect(findings).toEqual([])
  })

  it('point at the segment', () => {
    const { root } = profileX12(interchange([['850', 'BEG*00', 'REF*DP*1']]))
    const { places } = root.children.get('850')!.children.get('REF[DP]')!.children.get('REF02')!
    expect(places.number).toEqual({ line: 5, column: 1, byte: expect.any(Number), segment: 5 })
  })

  it('with too many codes to tell apart share one path', () => {
    const segments = Array.from({ length: 1_200 }, (_, i) => `REF*${i.toString(36).padStart(3, '0')}*${i}`)
    const { root } = profileX12(interchange([['850', 'BEG*00', ...segments, 'PO1*1', 'PO1*2']]))
    const set = root.children.get('850')!
    expect(set.children.size).toBe(0)
    expect(set.rest!.children.get('REF02')!.text.count).toBe(1_200)
    expect(set.rest!.children.get('PO101')!.text.count).toBe(2)
  })
})
