/** Returns the number of runs of a property. Mutation testing sets one number for all properties. */
export const runs = (byDefault: number): number => Number(process.env["PROPERTY_RUNS"] ?? byDefault)
