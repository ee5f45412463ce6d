export * as AccountClients from "./AccountClients.ts"
export * as HttpAuthorizationService from "./HttpAuthorizationService.ts"
export * as NodeAuthorizationService from "./NodeAuthorizationService.ts"
export * as RequestBudget from "./RequestBudget.ts"
export * as ResponseCache from "./ResponseCache.ts"
// `RedisRateLimiter` and `RedisPersistence` are not here: they load the package `redis`, which nobody else needs.
