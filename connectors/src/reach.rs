//! What a platform counts of a public post and of its author, by the names that platforms give to the same few numbers.

use blendline_wire::Reach;
use serde_json::Value;

use crate::json;

/// A count: never below nothing.
fn count(of: &Value, name: &str) -> Option<u64> {
    json::number(&of[name]).and_then(|count| u64::try_from(count).ok())
}

/// The first of these that is counted.
fn first(of: &Value, names: &[&str]) -> Option<u64> {
    names.iter().find_map(|name| count(of, name))
}

/// All of these that are counted, together.
fn sum(of: &Value, names: &[&str]) -> Option<u64> {
    names.iter().filter_map(|name| count(of, name)).reduce(u64::saturating_add)
}

/// A post of X in the older form, whose author is in it.
pub(crate) fn of_tweet(tweet: &Value) -> Option<Reach> {
    let reach = Reach {
        followers: count(&tweet["user"], "followers_count"),
        likes: count(tweet, "favorite_count"),
        shares: sum(tweet, &["retweet_count", "quote_count"]),
        replies: count(tweet, "reply_count"),
        views: None,
    };
    reach.known()
}

/// A post of X in the newer form, whose author is told beside it.
pub(crate) fn of_x(post: &Value, author: &Value) -> Option<Reach> {
    let metrics = &post["public_metrics"];
    let reach = Reach {
        followers: count(&author["public_metrics"], "followers_count"),
        likes: count(metrics, "like_count"),
        shares: sum(metrics, &["retweet_count", "quote_count"]),
        replies: count(metrics, "reply_count"),
        views: count(metrics, "impression_count"),
    };
    reach.known()
}

/// A status of the fediverse.
pub(crate) fn of_status(status: &Value) -> Option<Reach> {
    let reach = Reach {
        followers: count(&status["account"], "followers_count"),
        likes: count(status, "favourites_count"),
        shares: sum(status, &["reblogs_count", "quotes_count"]),
        replies: count(status, "replies_count"),
        views: None,
    };
    reach.known()
}

/// A post or comment on Facebook or Instagram, where the numbers come along: as they are asked for, or in short.
pub(crate) fn of_meta(value: &Value) -> Option<Reach> {
    let total = |of: &str| count(&value[of]["summary"], "total_count");
    let reach = Reach {
        followers: first(&value["from"], &["followers_count", "fan_count"]),
        likes: total("likes").or_else(|| total("reactions")).or_else(|| count(value, "like_count")),
        shares: count(&value["shares"], "count").or_else(|| count(value, "share_count")),
        replies: total("comments").or_else(|| first(value, &["comments_count", "comment_count"])),
        views: first(value, &["view_count", "video_views"]),
    };
    reach.known()
}

/// A mention that a monitoring service found: `number` gives the first of these names, in small letters without marks.
pub(crate) fn of_service(number: impl Fn(&[&str]) -> Option<u64>) -> Option<Reach> {
    let reach = Reach {
        followers: number(&["followers", "followerscount", "followercount", "authorfollowers", "authorfollowerscount"]),
        likes: number(&["likes", "likescount", "likecount", "reactions", "favorites"]),
        shares: number(&["shares", "sharescount", "sharecount", "retweets", "reposts"]),
        replies: number(&["comments", "commentscount", "commentcount", "replies", "repliescount", "replycount"]),
        views: number(&["reach", "views", "viewcount", "impressions", "potentialreach", "cumulativereach"]),
    };
    reach.known()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_as_platforms_write_them_and_what_is_no_count_is_none() {
        let post = json!({ "public_metrics": { "retweet_count": 2, "quote_count": "3", "like_count": -1, "impression_count": 900 } });
        let author = json!({ "public_metrics": { "followers_count": 5502 } });
        let reach = of_x(&post, &author).unwrap();
        assert_eq!((reach.followers, reach.shares, reach.views), (Some(5502), Some(5), Some(900)));
        assert_eq!((reach.likes, reach.replies), (None, None));
        let most = json!({ "reblogs_count": i64::MAX, "quotes_count": i64::MAX, "replies_count": 1.5 });
        assert_eq!(of_status(&most).unwrap().shares, Some(u64::MAX - 1));
        let page =
            json!({ "shares": { "count": 4 }, "likes": { "summary": { "total_count": 7 } }, "comments_count": 1 });
        let reach = of_meta(&page).unwrap();
        assert_eq!((reach.likes, reach.shares, reach.replies), (Some(7), Some(4), Some(1)));
        for odd in [json!(null), json!({}), json!([1]), json!({ "shares": 3, "likes": "many", "public_metrics": [] })] {
            assert_eq!((of_meta(&odd), of_x(&odd, &odd), of_tweet(&odd), of_status(&odd)), (None, None, None, None));
        }
    }
}
