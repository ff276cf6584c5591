//! Powers and angles to the last bit as Go computes them, which C libraries round differently.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// Raises to a power; where the exponent is whole, by squaring the fraction and adding up the
/// exponents of two.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn power(base: f64, exponent: f64) -> f64 {
    let whole = exponent.abs();
    let plain = base.is_normal() && whole.fract() == 0.0 && (2.0..9e18).contains(&whole);
    if !plain {
        return base.powf(exponent);
    }
    let (mut factor, mut factor_exponent) = fraction(base);
    let (mut result, mut result_exponent) = (1.0, 0_i64);
    let mut left = whole as i64;
    while left != 0 {
        if factor_exponent.abs() > 1 << 12 {
            result_exponent += factor_exponent;
            break;
        }
        if left & 1 == 1 {
            result *= factor;
            result_exponent += factor_exponent;
        }
        factor *= factor;
        factor_exponent <<= 1;
        if factor < 0.5 {
            factor += factor;
            factor_exponent -= 1;
        }
        left >>= 1;
    }
    if exponent < 0.0 {
        result = 1.0 / result;
        result_exponent = -result_exponent;
    }
    scale(result, result_exponent)
}

/// Splits a normal number into a fraction of at least a half and an exponent of two.
fn fraction(value: f64) -> (f64, i64) {
    const EXPONENT: u64 = 0x7ff << 52;
    let bits = value.to_bits();
    let exponent = i64::try_from((bits & EXPONENT) >> 52).expect("eleven bits") - 1022;
    (f64::from_bits(bits & !EXPONENT | 1022 << 52), exponent)
}

/// Multiplies by a power of two, rounding once.
fn scale(value: f64, exponent: i64) -> f64 {
    let (part, own) = fraction(value);
    let total = own + exponent;
    match total {
        1025.. => f64::INFINITY.copysign(value),
        // Below the normal numbers, one product does the rounding.
        -1080..=-1022 => two_to(total + 60) * part * two_to(-60),
        ..-1080 => 0.0_f64.copysign(value),
        _ => two_to(total - 1) * part * 2.0,
    }
}

/// Gives a power of two between -1022 and 1023.
fn two_to(exponent: i64) -> f64 {
    f64::from_bits(u64::try_from(exponent + 1023).expect("the caller keeps to the range") << 52)
}

/// Gives the angle of a point.
pub(super) fn atan2(y: f64, x: f64) -> f64 {
    let plain = y.is_finite() && x.is_finite() && y != 0.0 && x != 0.0;
    if !plain {
        return y.atan2(x);
    }
    let angle = arc_tangent((y / x).abs()).copysign(y / x);
    match (x < 0.0, angle <= 0.0) {
        (false, _) => angle,
        (true, true) => angle + PI,
        (true, false) => angle - PI,
    }
}

/// The arc tangent of a positive number, as in Cephes: reduced to at most 0.66, then a quotient of
/// polynomials.
fn arc_tangent(x: f64) -> f64 {
    const MORE_BITS: f64 = 6.123_233_995_736_766e-17;
    const TAN_3_PI_8: f64 = 2.414_213_562_373_095;
    if x <= 0.66 {
        reduced_arc_tangent(x)
    } else if x > TAN_3_PI_8 {
        FRAC_PI_2 - reduced_arc_tangent(1.0 / x) + MORE_BITS
    } else {
        FRAC_PI_4 + reduced_arc_tangent((x - 1.0) / (x + 1.0)) + 0.5 * MORE_BITS
    }
}

fn reduced_arc_tangent(x: f64) -> f64 {
    const ABOVE: [f64; 5] = [
        -8.750_608_600_031_904e-1,
        -1.615_753_718_733_365e1,
        -7.500_855_792_314_705e1,
        -1.228_866_684_490_136_1e2,
        -6.485_021_904_942_025e1,
    ];
    const BELOW: [f64; 6] = [
        1.0,
        2.485_846_490_142_306_3e1,
        1.650_270_098_316_988_5e2,
        4.328_810_604_912_902_7e2,
        4.853_903_996_359_137e2,
        1.945_506_571_482_614e2,
    ];
    let square = x * x;
    let polynomial = |terms: &[f64]| terms.iter().fold(0.0, |sum, term| sum * square + term);
    x * (square * polynomial(&ABOVE) / polynomial(&BELOW)) + x
}
