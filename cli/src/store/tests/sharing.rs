//! Several handles on one store.

use std::thread;

use super::{Place, SECRET, Store, document, entry, schema};

const SAVES: usize = 25;

#[test]
fn two_handles_write_at_once_and_nothing_is_lost() {
    let place = Place::new();
    let location = place.location();
    thread::scope(|scope| {
        for writer in ["a", "b"] {
            let location = &location;
            // They also race to create the key and the tables.
            scope.spawn(move || {
                let store = Store::open(location).unwrap();
                for number in 0..SAVES {
                    let name = format!("{writer}{number:03}");
                    store.save(&entry(&name, SECRET), &schema()).unwrap();
                }
            });
        }
    });
    let store = place.open();
    let saved = store.list().unwrap();
    assert_eq!(saved.len(), 2 * SAVES);
    for saved in saved {
        assert_eq!(document(&store, &saved)["hidden"], SECRET);
    }
}

#[test]
fn one_name_saved_by_many_is_saved_once() {
    let place = Place::new();
    let location = place.location();
    let save = || {
        let store = Store::open(&location).unwrap();
        store.save(&entry("wanted", SECRET), &schema()).is_ok()
    };
    let won = thread::scope(|scope| {
        let racers: Vec<_> = (0..8).map(|_| scope.spawn(save)).collect();
        let results = racers.into_iter().map(|racer| racer.join().unwrap());
        results.filter(|won| *won).count()
    });
    assert_eq!(won, 1);
}
