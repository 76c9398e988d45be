import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'
import { describeStoreContract } from './store-contract.ts'

describeStoreContract('embedded', async () => embeddedStoreInTemporaryFolder())
