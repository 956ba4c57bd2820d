/** The form of a prepayment token (IEC 62055-41): all that can be told of it here. */

const DIGITS = 20;
const LIMIT = 2n ** 66n;

export const digitsOf = (typed: string): string => typed.replace(/\D/g, "");

/** What somebody typed, as tokens are printed: digits in fours. */
export const grouped = (typed: string): string => digitsOf(typed).replace(/(\d{4})(?=\d)/g, "$1 ");

/** Why this cannot be a token, if it cannot: it is 20 digits, and a number of 66 bits. */
export function flawOf(digits: string): "length" | "range" | null {
  if (digits.length !== DIGITS) return "length";
  return BigInt(digits) < LIMIT ? null : "range";
}
