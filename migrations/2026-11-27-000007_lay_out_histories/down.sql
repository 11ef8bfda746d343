-- Version 0.1 cannot keep what this layout keeps. A copy made before the upgrade is the way back.
DO $$ BEGIN RAISE EXCEPTION 'the layout of version 0.1 cannot be brought back: restore a backup'; END $$;
