-- ClickHouse makes the token of a view's block from the view as it is in memory: after MODIFY QUERY it is another one until
-- the view is loaded again, and an epoch inserted before that and repeated after it was counted twice in the view's table.
-- So every view that was changed in place is loaded anew, before anything is inserted through it.

DETACH TABLE IF EXISTS flow_5m_mv{{onCluster}};
ATTACH TABLE IF NOT EXISTS flow_5m_mv{{onCluster}};

DETACH TABLE IF EXISTS flow_1h_mv{{onCluster}};
ATTACH TABLE IF NOT EXISTS flow_1h_mv{{onCluster}};

DETACH TABLE IF EXISTS flow_1d_mv{{onCluster}};
ATTACH TABLE IF NOT EXISTS flow_1d_mv{{onCluster}};
