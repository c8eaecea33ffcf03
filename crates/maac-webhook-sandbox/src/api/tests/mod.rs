mod answers;
mod description;
mod document;
mod guards;
mod refusals;
mod support;
mod updates;
