mod answers;
mod description;
mod document;
mod guards;
mod refusals;
mod served;
mod support;
mod updates;
