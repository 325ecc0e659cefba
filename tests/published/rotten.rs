//! A list of which one record cannot be read.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{future::BoxFuture, stream::BoxStream};
use langdu::{
    http::Access,
    render::RenderOptions,
    store::{ListedId, Store, StoreOptions},
};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, memory::InMemory, path::Path,
};
use serde_json::json;

use super::{House, names, stage::until};

/// Objects in memory, one of which cannot be read.
#[derive(Debug)]
struct Rotten {
    objects: InMemory,
    file: Mutex<String>,
}

impl fmt::Display for Rotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rotten")
    }
}

// Written as the macro of the trait would write it, which is no dependency of ours.
impl ObjectStore for Rotten {
    fn get_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        options: GetOptions,
    ) -> BoxFuture<'f, Result<GetResult>>
    where
        's: 'f,
        'p: 'f,
    {
        if location.filename() == Some(&*self.file.lock().unwrap()) {
            let rotten = Error::Generic { store: "rotten", source: "it cannot be read".into() };
            return Box::pin(async { Err(rotten) });
        }
        self.objects.get_opts(location, options)
    }

    fn put_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> BoxFuture<'f, Result<PutResult>>
    where
        's: 'f,
        'p: 'f,
    {
        self.objects.put_opts(location, payload, options)
    }

    fn put_multipart_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        options: PutMultipartOptions,
    ) -> BoxFuture<'f, Result<Box<dyn MultipartUpload>>>
    where
        's: 'f,
        'p: 'f,
    {
        self.objects.put_multipart_opts(location, options)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.objects.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    fn list_with_delimiter<'s, 'p, 'f>(
        &'s self,
        prefix: Option<&'p Path>,
    ) -> BoxFuture<'f, Result<ListResult>>
    where
        's: 'f,
        'p: 'f,
    {
        self.objects.list_with_delimiter(prefix)
    }

    fn copy_opts<'s, 'a, 'b, 'f>(
        &'s self,
        from: &'a Path,
        to: &'b Path,
        options: CopyOptions,
    ) -> BoxFuture<'f, Result<()>>
    where
        's: 'f,
        'a: 'f,
        'b: 'f,
    {
        self.objects.copy_opts(from, to, options)
    }
}

#[tokio::test]
async fn one_record_that_cannot_be_read_keeps_nobody_from_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Arc::new(Rotten { objects: InMemory::new(), file: Mutex::default() });
    let house = || {
        let options = StoreOptions { retry: Duration::ZERO, ..StoreOptions::default() };
        let store = Store::objects(objects.clone(), "data".into(), options);
        House::on(store, folder.path(), RenderOptions::default(), |app| {
            app.access(Access::Published).poll(Duration::from_millis(50))
        })
    };
    let before = house();
    for name in ["1", "2", "3"] {
        before.put(name, json!({"text": format!("第{name}号通知。")})).await.is(201);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    drop(before);
    *objects.file.lock().unwrap() = format!("{}.entry", ListedId::of("2"));
    let house = house();
    assert_eq!(names(&house.list("").await), ["3", "1"]);
    house.put("4", json!({"text": "今天停水。"})).await.is(201);
    house.made("4").await;
    house.submit(json!({"text": "第1号通知。"})).await.is(200);
    objects.file.lock().unwrap().clear();
    until("it is read when it can be", async || house.list("").await["total"] == 4).await;
    house.made("2").await;
}
