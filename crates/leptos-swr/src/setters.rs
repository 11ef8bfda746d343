//! Setters that the options of hooks and of lists have in common.

/// Setters of a hook's options, each of which returns the options: for [`Options`] itself, and for the
/// options of lists, which hold them in a field.
macro_rules! setters {
    ($data:ty, $error:ty $(, in $field:ident)?) => {
        /// Sets [`Config::revalidate_on_focus`](crate::Config::revalidate_on_focus).
        pub fn revalidate_on_focus(&mut self, value: bool) -> &mut Self {
            self.$($field.)?config.revalidate_on_focus = value;
            self
        }

        /// Sets [`Config::revalidate_on_reconnect`](crate::Config::revalidate_on_reconnect).
        pub fn revalidate_on_reconnect(&mut self, value: bool) -> &mut Self {
            self.$($field.)?config.revalidate_on_reconnect = value;
            self
        }

        /// Sets [`Config::revalidate_if_stale`](crate::Config::revalidate_if_stale).
        pub fn revalidate_if_stale(&mut self, value: bool) -> &mut Self {
            self.$($field.)?config.revalidate_if_stale = value;
            self
        }

        /// Sets [`Config::refresh_interval`](crate::Config::refresh_interval).
        pub fn refresh_interval(&mut self, value: std::time::Duration) -> &mut Self {
            self.$($field.)?config.refresh_interval = value;
            self
        }

        /// Sets [`Config::refresh_when_hidden`](crate::Config::refresh_when_hidden).
        pub fn refresh_when_hidden(&mut self, value: bool) -> &mut Self {
            self.$($field.)?config.refresh_when_hidden = value;
            self
        }

        /// Sets [`Config::refresh_when_offline`](crate::Config::refresh_when_offline).
        pub fn refresh_when_offline(&mut self, value: bool) -> &mut Self {
            self.$($field.)?config.refresh_when_offline = value;
            self
        }

        /// Sets [`Config::should_retry_on_error`](crate::Config::should_retry_on_error).
        pub fn should_retry_on_error(&mut self, value: bool) -> &mut Self {
            self.$($field.)?config.should_retry_on_error = value;
            self
        }

        /// Sets [`Config::error_retry_interval`](crate::Config::error_retry_interval).
        pub fn error_retry_interval(&mut self, value: std::time::Duration) -> &mut Self {
            self.$($field.)?config.error_retry_interval = value;
            self
        }

        /// Sets [`Config::dedupe_interval`](crate::Config::dedupe_interval).
        pub fn dedupe_interval(&mut self, value: std::time::Duration) -> &mut Self {
            self.$($field.)?config.dedupe_interval = value;
            self
        }

        /// Sets [`Config::focus_throttle_interval`](crate::Config::focus_throttle_interval).
        pub fn focus_throttle_interval(&mut self, value: std::time::Duration) -> &mut Self {
            self.$($field.)?config.focus_throttle_interval = value;
            self
        }

        /// Sets [`Config::loading_timeout`](crate::Config::loading_timeout).
        pub fn loading_timeout(&mut self, value: std::time::Duration) -> &mut Self {
            self.$($field.)?config.loading_timeout = value;
            self
        }

        /// Sets [`Config::keep_previous_data`](crate::Config::keep_previous_data).
        pub fn keep_previous_data(&mut self, value: bool) -> &mut Self {
            self.$($field.)?config.keep_previous_data = value;
            self
        }

        /// Sets [`Config::revalidate_on_mount`](crate::Config::revalidate_on_mount).
        pub fn revalidate_on_mount(&mut self, value: impl Into<Option<bool>>) -> &mut Self {
            self.$($field.)?config.revalidate_on_mount = value.into();
            self
        }

        /// Sets [`Config::error_retry_count`](crate::Config::error_retry_count).
        pub fn error_retry_count(&mut self, value: impl Into<Option<u32>>) -> &mut Self {
            self.$($field.)?config.error_retry_count = value.into();
            self
        }

        /// Changes several options at once.
        pub fn configure(&mut self, change: impl FnOnce(&mut crate::Config)) -> &mut Self {
            change(&mut self.$($field.)?config);
            self
        }

        /// Options for data that never changes: [`Config::immutable`](crate::Config::immutable).
        pub fn immutable(&mut self) -> &mut Self {
            self.$($field.)?config = self.$($field.)?config.immutable();
            self
        }

        /// Data to show while the cache has none. It is not put into the cache.
        pub fn fallback_data(&mut self, data: impl Into<Option<$data>>) -> &mut Self {
            self.$($field.)?fallback_data = data.into();
            self
        }

        /// Polling interval derived from the data, instead of
        /// [`Config::refresh_interval`](crate::Config::refresh_interval); zero is never.
        pub fn refresh_interval_by(&mut self, call: impl Fn(Option<&$data>) -> std::time::Duration + 'static) -> &mut Self {
            self.$($field.)?refresh_interval_by = Some(std::rc::Rc::new(call));
            self
        }

        /// Decides by the error whether to retry, instead of
        /// [`Config::should_retry_on_error`](crate::Config::should_retry_on_error).
        pub fn should_retry_by(&mut self, call: impl Fn(&$error) -> bool + 'static) -> &mut Self {
            self.$($field.)?should_retry_by = Some(std::rc::Rc::new(call));
            self
        }

        /// While it returns true no request is started, and failures are not shown.
        pub fn is_paused(&mut self, call: impl Fn() -> bool + 'static) -> &mut Self {
            self.$($field.)?is_paused = Some(std::rc::Rc::new(call));
            self
        }

        /// Replaces `==`: new data that equals the old by it is dropped.
        pub fn compare(&mut self, call: impl Fn(&$data, &$data) -> bool + 'static) -> &mut Self {
            self.$($field.)?compare = Some(std::rc::Rc::new(call));
            self
        }

        /// Makes the data to keep from the known and the new data, so that equal parts keep their identity.
        pub fn reconcile(&mut self, call: impl Fn(&$data, $data) -> $data + 'static) -> &mut Self {
            self.$($field.)?reconcile = Some(std::rc::Rc::new(call));
            self
        }

        /// Called after each answer that was taken.
        pub fn on_success(&mut self, call: impl Fn(&$data) + 'static) -> &mut Self {
            self.$($field.)?on_success = Some(std::rc::Rc::new(call));
            self
        }

        /// Called after each failure that is shown.
        pub fn on_error(&mut self, call: impl Fn(&$error) + 'static) -> &mut Self {
            self.$($field.)?on_error = Some(std::rc::Rc::new(call));
            self
        }

        /// Called when a first load takes longer than
        /// [`Config::loading_timeout`](crate::Config::loading_timeout).
        pub fn on_loading_slow(&mut self, call: impl Fn() + 'static) -> &mut Self {
            self.$($field.)?on_loading_slow = Some(std::rc::Rc::new(call));
            self
        }

        /// Called when a request was for nothing: something newer took its place.
        pub fn on_discarded(&mut self, call: impl Fn() + 'static) -> &mut Self {
            self.$($field.)?on_discarded = Some(std::rc::Rc::new(call));
            self
        }
    };
}

pub(crate) use setters;
