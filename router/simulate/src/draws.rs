//! Random numbers and what is drawn with them. The same seed draws the same on every machine: `libm`, no platform maths.

use crate::plan::{Law, Rates};

/// A stream of random numbers (xoshiro256++, Blackman and Vigna 2019).
#[derive(Clone, Debug)]
pub struct Stream([u64; 4]);

impl Stream {
    /// The stream `number` of a seed: each purpose has its own, so that policies are compared on the same arrivals.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut state = seed ^ number.wrapping_mul(0xA076_1D64_78BD_642F);
        let mut next = || {
            let (word, after) = blendline_core::policy::draw(state);
            state = after;
            word
        };
        Self([next(), next(), next(), next()])
    }

    fn word(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// Uniform over (0, 1]: its logarithm is always a number.
    pub fn unit(&mut self) -> f64 {
        ((self.word() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// Exponential of mean one.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Standard normal (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.unit()));
        radius * libm::cos(2.0 * std::f64::consts::PI * self.unit())
    }

    /// Gamma of scale one (Marsaglia and Tsang 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boosted = self.gamma(shape + 1.0);
            return boosted * libm::pow(self.unit(), 1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
            if v > 0.0 && libm::log(self.unit()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// A duration in milliseconds.
    pub fn duration(&mut self, law: &Law) -> f64 {
        match law {
            Law::Exponential { mean } => mean * self.exponential(),
            Law::Gamma { mean, shape } => mean / shape * self.gamma(*shape),
            Law::Lognormal { mean, cv } => {
                let variance = libm::log(1.0 + cv * cv);
                mean * libm::exp(libm::sqrt(variance) * self.normal() - variance / 2.0)
            }
            Law::Uniform { from, to } => from + (to - from) * self.unit(),
            Law::Deterministic { value } => *value,
        }
    }
}

/// A queue's arrivals in one replication.
#[derive(Clone, Debug)]
pub struct Arriving {
    stream: Stream,
    busyness: f64,
    next: usize,
}

impl Arriving {
    /// Arrivals drawn from `stream`, the rate multiplied by `busyness`.
    pub fn new(stream: Stream, busyness: f64) -> Self {
        Self { stream, busyness, next: 0 }
    }

    /// The first arrival after `now` (milliseconds), if there is one. Rates that change are thinned (Lewis and Shedler 1979).
    pub fn after(&mut self, now: f64, rates: &Rates) -> Option<f64> {
        if let Rates::Times(times) = rates {
            let at = times.get(self.next).copied()?;
            self.next += 1;
            return Some(at);
        }
        let highest = rates.highest() * self.busyness;
        if highest <= 0.0 {
            return None;
        }
        let mut at = now;
        loop {
            at += self.stream.exponential() / highest;
            if matches!(rates, Rates::Constant(_)) || self.stream.unit() * highest <= rates.at(at) * self.busyness {
                return Some(at);
            }
            // A rate that stays zero for ever brings nobody.
            if rates.over(at) {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(law: &Law) -> (f64, f64) {
        let mut stream = Stream::new(1, 2);
        let draws: Vec<f64> = (0..200_000).map(|_| stream.duration(law)).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|draw| (draw - mean) * (draw - mean)).sum::<f64>() / draws.len() as f64;
        (mean, libm::sqrt(variance) / mean)
    }

    #[test]
    fn laws_have_the_mean_and_the_spread_they_say() {
        let near = |(mean, cv): (f64, f64), want_mean: f64, want_cv: f64| {
            assert!((mean / want_mean - 1.0).abs() < 0.015, "mean {mean}, wanted {want_mean}");
            assert!((cv - want_cv).abs() < 0.02, "cv {cv}, wanted {want_cv}");
        };
        near(moments(&Law::Exponential { mean: 4.0 }), 4.0, 1.0);
        near(moments(&Law::Gamma { mean: 3.0, shape: 4.0 }), 3.0, 0.5);
        near(moments(&Law::Gamma { mean: 3.0, shape: 0.5 }), 3.0, libm::sqrt(2.0));
        near(moments(&Law::Lognormal { mean: 5.0, cv: 0.8 }), 5.0, 0.8);
        near(moments(&Law::Uniform { from: 1.0, to: 3.0 }), 2.0, 1.0 / libm::sqrt(12.0));
    }

    #[test]
    fn a_wave_brings_its_mean() {
        let rates = Rates::Sinusoid { base: 2.0, amplitude: 1.5, period: 100.0, phase: 0.3 };
        let mut arriving = Arriving::new(Stream::new(3, 0), 1.0);
        let (mut now, mut count) = (0.0, 0);
        while let Some(at) = arriving.after(now, &rates).filter(|at| *at < 50_000.0) {
            now = at;
            count += 1;
        }
        assert!((f64::from(count) / 100_000.0 - 1.0).abs() < 0.02, "{count} came");
    }
}
