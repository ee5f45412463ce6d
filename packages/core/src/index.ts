export * as Authorization from "./Authorization.ts"
export * as AuthorizationError from "./AuthorizationError.ts"
export * as AuthorizationService from "./AuthorizationService.ts"
export * as ListRange from "./ListRange.ts"
