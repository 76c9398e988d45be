/** Length of a field that carries its own length (RFC 7011 §7). */
export const variableLength = 65_535

/** Enterprise of the scope fields of NetFlow v9, whose types are their own small list (RFC 3954 §6.1). */
export const scopeEnterprise = -1

export interface TemplateField {
  /** 0: IANA; `scopeEnterprise`: NetFlow v9 scope type; else a private enterprise number. */
  enterprise: number
  element: number
  length: number
}
