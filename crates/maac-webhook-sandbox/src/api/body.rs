use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request, rejection::BytesRejection},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::error::ApiError;
use crate::openapi::body;

/// A body as it came, which is read as more than one thing.
#[derive(Clone, Debug)]
pub(super) struct Raw(Bytes);

/// A body that is read as JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<T>(pub(super) T);

impl Raw {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        Ok(body::read(&self.0)?)
    }
}

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let unread = |rejection: BytesRejection| {
            let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
            if too_large { ApiError::too_large() } else { ApiError::unread(rejection.body_text()) }
        };
        Bytes::from_request(request, state).await.map(Self).map_err(unread)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Raw::from_request(request, state).await?.read().map(Self)
    }
}

/// The query's parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameters<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(query)| Self(query)).map_err(|rejection| ApiError::unread(rejection.body_text()))
    }
}

/// How many a list has at most.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Limit(usize);

impl Limit {
    const LONGEST: usize = 200;

    pub(super) fn get(self) -> usize {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u64> for Limit {
    type Error = String;

    fn try_from(limit: u64) -> Result<Self, String> {
        let limit = usize::try_from(limit).ok().filter(|limit| (1..=Self::LONGEST).contains(limit));
        limit.map(Self).ok_or_else(|| format!("a list has 1 to {} entries", Self::LONGEST))
    }
}
