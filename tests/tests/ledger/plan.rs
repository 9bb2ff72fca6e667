//! What is posted: single messages, batches, duplicates, strangers and poison, in an order made by the seed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use blendline_tests::seed::Seed;
use blendline_tests::whatsapp::{self, Customers, Number, Said};

/// How many connections post at the same time.
pub(crate) const LANES: usize = 32;
const NUMBERS: usize = 8;

/// One webhook to be posted.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    /// The whole request.
    pub(crate) request: Vec<u8>,
    /// The customer, where the order of his messages is kept by the platform.
    ordered: Option<u64>,
    lane: usize,
}

/// Everything that will be posted, and what must come of it.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) numbers: Vec<Number>,
    pub(crate) posts: Vec<Post>,
    /// The words of every message that must be taken once, by customer.
    pub(crate) said: BTreeMap<String, BTreeSet<String>>,
    /// Who said which words: every text is said once.
    pub(crate) said_by: HashMap<String, String>,
    /// Customers whose messages are posted one after the other: their order must be kept.
    pub(crate) ordered: BTreeSet<String>,
    /// Messages by themselves, without repetition.
    pub(crate) unique: usize,
    /// Second copies, over all posts.
    pub(crate) copies: usize,
    /// Events for accounts that are not ours, and how many of them are copies.
    pub(crate) strangers: usize,
    /// Bodies that cannot be read.
    pub(crate) poison: usize,
}

impl Plan {
    /// A plan of `webhooks` posts.
    pub(crate) fn new(seed: &mut Seed, run: u64, webhooks: usize) -> Self {
        let numbers: Vec<Number> = (0..NUMBERS).map(Number::test).collect();
        let mut plan = Self {
            numbers,
            posts: Vec::with_capacity(webhooks),
            said: BTreeMap::new(),
            said_by: HashMap::new(),
            ordered: BTreeSet::new(),
            unique: 0,
            copies: 0,
            strangers: 0,
            poison: 0,
        };
        let mut customers = Customers::new(Seed::new(seed.number()), run);
        let people = (webhooks as u64 / 8).max(1);
        // What was posted of each kind, to be repeated: (number, messages, ordered).
        let mut posted: Vec<(usize, Vec<Said>, Option<u64>)> = Vec::new();
        while plan.posts.len() < webhooks {
            match seed.below(100) {
                0..10 if !posted.is_empty() => {
                    let (number, said, ordered) = seed.pick(&posted).clone();
                    plan.copies += said.len();
                    plan.push(seed, number, whatsapp::messages(&plan.numbers[number], &said), ordered);
                }
                10 => {
                    let said = customers.says(seed.below(people));
                    let stranger = Number { phone_number_id: "999".into(), ..plan.numbers[0].clone() };
                    plan.strangers += 1;
                    plan.push(seed, 0, whatsapp::messages(&stranger, &[said]), None);
                }
                11 => {
                    plan.poison += 1;
                    let body = format!("{{\"object\":\"whatsapp_business_account\",\"entry\":{}", plan.poison);
                    plan.push(seed, 0, body.into_bytes(), None);
                }
                kind => {
                    let person = seed.below(people);
                    let number = person as usize % NUMBERS;
                    let ordered = person.is_multiple_of(4).then_some(person);
                    let count = if (12..20).contains(&kind) { 1 + seed.below(3) } else { 1 };
                    let said: Vec<Said> = (0..count).map(|_| customers.says(person)).collect();
                    plan.note(&said, ordered);
                    plan.push(seed, number, whatsapp::messages(&plan.numbers[number], &said), ordered);
                    posted.push((number, said, ordered));
                }
            }
        }
        plan.shuffle(seed);
        plan
    }

    fn note(&mut self, said: &[Said], ordered: Option<u64>) {
        self.unique += said.len();
        for one in said {
            self.said_by.insert(one.text.clone(), one.from.clone());
            self.said.entry(one.from.clone()).or_default().insert(one.text.clone());
            if ordered.is_some() {
                self.ordered.insert(one.from.clone());
            }
        }
    }

    fn push(&mut self, seed: &mut Seed, number: usize, body: Vec<u8>, ordered: Option<u64>) {
        // One customer's messages in order need one lane; all others may overtake one another.
        let lane = ordered.unwrap_or_else(|| seed.below(LANES as u64)) as usize % LANES;
        self.posts.push(Post { request: self.numbers[number].request(&body), ordered, lane });
    }

    /// Any order at all, except that the posts of an ordered customer keep theirs among themselves.
    fn shuffle(&mut self, seed: &mut Seed) {
        let mut places: Vec<usize> = (0..self.posts.len()).collect();
        seed.shuffle(&mut places);
        let mut of_customer: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (place, post) in places.iter().enumerate() {
            if let Some(customer) = self.posts[*post].ordered {
                of_customer.entry(customer).or_default().push(place);
            }
        }
        for held in of_customer.values() {
            let mut sorted: Vec<usize> = held.iter().map(|place| places[*place]).collect();
            sorted.sort_unstable();
            for (place, post) in held.iter().zip(sorted) {
                places[*place] = post;
            }
        }
        self.posts = places.iter().map(|post| self.posts[*post].clone()).collect();
    }

    /// The requests of each lane, in the order in which it posts them.
    pub(crate) fn lanes(&self) -> Vec<Vec<Vec<u8>>> {
        let mut lanes = vec![Vec::new(); LANES];
        for post in &self.posts {
            lanes[post.lane].push(post.request.clone());
        }
        lanes
    }

    /// What is planned, in one line.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{} webhooks on {LANES} connections: {} messages of {} customers ({} in a kept order), {} copies, \
             {} for strangers, {} unreadable",
            self.posts.len(),
            self.unique,
            self.said.len(),
            self.ordered.len(),
            self.copies,
            self.strangers,
            self.poison
        )
    }
}
