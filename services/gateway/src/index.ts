export { type GatewayConfig, gatewayConfigSchema } from './config.ts'
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
export type { Principal, ResolvePrincipal } from './principal.ts'
