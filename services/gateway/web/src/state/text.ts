/**
 * Text that came from a device, a flow or a person, made inert: control characters, line breaks and the Unicode controls
 * that reorder or hide what follows (UAX #9 §2, UTS #39: bidirectional overrides, isolates, zero-width characters) become
 * spaces; the joiners of emoji and of Persian and Indic words stay. Markup stays as it is: the page only ever puts text
 * into text nodes.
 */
export function inertText(text: string, lengthMax = 400): string {
  return text
    .slice(0, lengthMax * 2)
    .replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, lengthMax)
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/**
 * A name cut for a middle ellipsis: the head may shrink, the tail never does, because names of one site differ at their
 * end (`…-core-1`, `…/0/24`). Never splits an emoji or a combining sequence.
 */
export function headAndTail(text: string, tailLength: number): { head: string; tail: string } {
  if (tailLength === 0 || text.length <= tailLength * 2) return { head: text, tail: '' }
  const parts = Array.from(graphemes.segment(text), part => part.segment)
  if (parts.length <= tailLength * 2) return { head: text, tail: '' }
  return { head: parts.slice(0, -tailLength).join(''), tail: parts.slice(-tailLength).join('') }
}

/** `link-saturation` as a headline: `Link saturation`. */
export function alarmTypeWords(alarmTypeId: string): string {
  const words = acronyms(alarmTypeId.replaceAll('-', ' '))
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function acronyms(words: string): string {
  return words.replace(/\b(fec|lag|snmp|psu|syn|rx)\b/g, word => word.toUpperCase())
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

const portNames: readonly [RegExp, string][] = [
  [/^HundredGig(?:abit)?(?:Ethernet|E)/i, 'Hu'],
  [/^FortyGig(?:abit)?(?:Ethernet|E)/i, 'Fo'],
  [/^TwentyFiveGig(?:abit)?(?:Ethernet|E)/i, 'Twe'],
  [/^TenGig(?:abit)?(?:Ethernet|E)/i, 'Te'],
  [/^GigabitEthernet/i, 'Gi'],
  [/^FastEthernet/i, 'Fa'],
  [/^Ethernet(?=\d)/i, 'Eth'],
  [/^Port-channel/i, 'Po'],
  // RouterOS; the box itself is printed SFP+1.
  [/^sfp-sfpplus(?=\d)/i, 'sfp+'],
]

/** A port's name as its own console or its own box abbreviates it (Cisco IOS, Arista EOS): the number is what tells ports apart. */
export function shortPortName(ifName: string): string {
  for (const [long, short] of portNames) if (long.test(ifName)) return ifName.replace(long, short)
  return ifName
}
