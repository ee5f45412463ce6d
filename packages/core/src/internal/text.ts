/**
 * Replaces the characters of a text that change how a terminal or a log shows the rest: control characters such as ESC, CR
 * and BEL, line separators, and those that change the direction of the text.
 */
export const toLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+ */gu, " ").trim()
